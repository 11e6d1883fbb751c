"""The fault image-unstripped."""

from __future__ import annotations

from typing import Any

from elf_maker import make
from fault_case import case, found, one
from portwright.base.sources import Memory
from portwright.pack.inspect import Wanted, of_source
from portwright.pack.magic import Known
from portwright.pack.subject import Case
from volume_maker import Tree

DEBUG = make(extra={".debug_info": bytes(300_000)})


class Large(Memory):
    """Bytes of which there seem to be more."""

    def __init__(self, size: int) -> None:
        super().__init__(b"RedoxFtw" + bytes(64), "initfs")
        self.size = size


def image(size: int, *programs: bytes) -> Any:
    made: Any = Case("initfs", Large(size))
    made.known, made.volume = Known("redox-initfs", None, "an image"), Tree({})
    made.members += [of_source(Memory(data, f"bin/p{n}"), Wanted()) for n, data in enumerate(programs)]
    return made


def test_what_stripping_all_of_it_would_save() -> None:
    row = one("image-unstripped", image(700_000, DEBUG, make()))
    assert row.severity == "note" and "would save 300,112 of 700,000 bytes (p0 300,056, p1 56)" in row.what


def test_over_the_limit_of_the_archiver() -> None:
    row = one("image-unstripped", image(70 << 20, DEBUG))
    assert row.severity == "warning" and "64 MiB" in row.what


def test_little_to_save_and_no_image() -> None:
    assert not found("image-unstripped", image(50 << 20, DEBUG))
    assert not found("image-unstripped", case(DEBUG))
