"""The fault writable-code."""

from __future__ import annotations

import struct

from elf_maker import RWX, Load, make
from fault_case import found, one
from pe_maker import pe


def test_a_segment_with_both_rights() -> None:
    row = one("writable-code", make(loads=[Load(0x201000, b"\xcc" * 64, RWX)]))
    assert (row.severity, row.address) == ("warning", 0x201000)
    assert not found("writable-code", make())


def test_a_section_of_a_pe_file() -> None:
    assert "the section .text" in one("writable-code", pe(flags=0xE000_0020)).what
    assert not found("writable-code", pe())
    assert struct.calcsize("<I") == 4
