"""The fault compilers-out-of-step."""

from __future__ import annotations

from elf_maker import LLVM, OTHER_RUSTC, make
from fault_case import case, found, one
from portwright.base.sources import Memory
from portwright.pack.inspect import Report, Wanted, of_source


def member(path: str, comment: str) -> Report:
    return of_source(Memory(make(comment=[comment]), path), Wanted())


def test_two_versions_in_one_file() -> None:
    assert "rustc 1.95.0 and 1.96.0" in one("compilers-out-of-step", make(comment=[LLVM, OTHER_RUSTC])).what
    assert not found("compilers-out-of-step", make())


def test_an_image_of_which_a_part_was_rebuilt() -> None:
    image = case(b"some image")
    image.members += [member("bin/a", LLVM), member("bin/b", LLVM), member("lib/drivers/c", OTHER_RUSTC)]
    row = one("compilers-out-of-step", image)
    assert row.severity == "warning"
    assert row.what == "2 of its files are built by rustc 1.96.0, but c by 1.95.0"
    image.members.pop()
    assert not found("compilers-out-of-step", image)
