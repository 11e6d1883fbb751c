"""The fault initfs-without-init."""

from __future__ import annotations

from typing import Any

import pytest

from fault_case import case, found, one
from portwright.pack.magic import Known
from volume_maker import Tree

GOOD = {"bin/init": b"\x7fELF", "etc/init.rc": b"run"}


def image(files: dict[str, bytes | None], name: str = "redox-initfs") -> Any:
    made: Any = case(b"RedoxFtw")
    made.known, made.volume = Known(name, None, "an image"), Tree(files)
    return made


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"etc/init.rc": b"x"}, "there is no bin/init in it"),
        ({"etc/init.rc": b"x", "initfs/bin/init": b"x"}, "it is at initfs/bin/init"),
        ({**GOOD, "bin/init": b""}, "bin/init is empty"),
        ({**GOOD, "bin/init": None}, "bin/init is a folder"),
    ],
)
def test_no_init(files: dict[str, bytes | None], words: str) -> None:
    row = one("initfs-without-init", image(files))
    assert row.severity == "error" and words in row.what


def test_no_script_for_it() -> None:
    row = one("initfs-without-init", image({"bin/init": b"x"}))
    assert row.severity == "warning" and "etc/init.rc" in row.what


def test_good_ones_and_other_images() -> None:
    assert not found("initfs-without-init", image({**GOOD}))
    assert not found("initfs-without-init", image({}, "blockfs"))
