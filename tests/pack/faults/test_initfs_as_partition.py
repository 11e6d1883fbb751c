"""The fault initfs-as-partition."""

from __future__ import annotations

from typing import Any

from fault_case import case, found, one
from portwright.formats import blockfs, gpt
from portwright.pack.magic import Known


def within(module: Any, name: str = "redox-initfs") -> Any:
    made, outer = case(b"RedoxFtw"), case(b"")
    made.known, outer.known = Known(name, None, "an image"), Known("outer", module, "what it lies in")
    made.within = outer
    return made


def test_an_initfs_where_a_file_system_belongs() -> None:
    assert one("initfs-as-partition", within(gpt)).severity == "warning"


def test_a_file_of_a_file_system_and_what_is_no_initfs() -> None:
    assert not found("initfs-as-partition", within(blockfs))
    assert not found("initfs-as-partition", within(gpt, "blockfs"))
    assert not found("initfs-as-partition", case(b"RedoxFtw"))
