"""The fault unapplied-relocations."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, held, one
from portwright.formats import elf

PLACES = [(0x4000 + 8 * row, 8) for row in range(5)]
FIXED = make(relocations=[(0x204000, 8)])
PIE = make(kind=elf.ET_DYN, base=0, relocations=PLACES)
SYMBOLS = make(kind=elf.ET_DYN, base=0, relocations=[(0x4000, 8), (0x4008, 6)])


def test_a_fixed_address_and_nobody_to_apply_them() -> None:
    row = one("unapplied-relocations", FIXED)
    assert row.severity == "error" and row.address == 0x204000 and "1 relative" in row.what


def test_a_loader_that_applies_none() -> None:
    row = one("unapplied-relocations", PIE, port=held("elf-exec"))
    assert "5 relocations (5 relative): the loader of some-port takes elf-exec" in row.what


def test_names_in_a_static_pie_are_looked_up_by_nobody() -> None:
    assert "1 symbol" in one("unapplied-relocations", SYMBOLS, port=held("elf-pie")).what


def test_where_somebody_does_it_is_right() -> None:
    assert not found("unapplied-relocations", PIE)
    assert not found("unapplied-relocations", PIE, port=held("elf-pie"))
    assert not found("unapplied-relocations", make(), port=held())
    assert not found("unapplied-relocations", make(interpreter="/ld.so", relocations=[(0x204000, 8)]))
