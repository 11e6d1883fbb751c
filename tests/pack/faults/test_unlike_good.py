"""The fault unlike-good."""

from __future__ import annotations

from elf_maker import CRANELIFT, LLVM, make
from fault_case import case, found, one
from portwright.formats import elf

GOOD = make(comment=[CRANELIFT])


def test_a_lost_flag_shows() -> None:
    other = make(kind=elf.ET_DYN, base=0, comment=[LLVM], tls=(8, 8, 8), relocations=[(0x4000, 18)])
    row = one("unlike-good", other, good=case(GOOD))
    for words in ("static executable -> static PIE", "none -> initial-exec", "cranelift -> llvm"):
        assert words in row.what


def test_the_entry_went() -> None:
    assert (
        "entry: code -> none" in one("unlike-good", make(comment=[CRANELIFT], entry=0), good=case(GOOD)).what
    )


def test_other_code_of_the_same_make() -> None:
    assert not found("unlike-good", make(comment=[CRANELIFT], code=b"\x90" * 9000), good=case(GOOD))
    assert not found("unlike-good", GOOD)
