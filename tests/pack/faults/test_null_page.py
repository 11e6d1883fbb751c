"""The fault null-page."""

from __future__ import annotations

from elf_maker import RX, Load, make
from fault_case import found, one
from portwright.formats import elf


def test_a_program_in_page_0() -> None:
    assert one("null-page", make(loads=[Load(0x100, b"\xcc" * 64, RX)], entry=0x100)).severity == "warning"


def test_others() -> None:
    assert not found("null-page", make())
    assert not found("null-page", make(kind=elf.ET_DYN, base=-0x1000))
