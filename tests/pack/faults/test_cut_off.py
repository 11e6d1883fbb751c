"""The fault cut-off."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, one


def test_a_copy_that_was_interrupted() -> None:
    whole = make()
    row = one("cut-off", whole[:0x2000])
    assert row.severity == "error" and row.address == 0x2000 and "bytes are missing" in row.what
    assert "its table of sections" in one("cut-off", whole[:-1]).what
    assert not found("cut-off", whole)
