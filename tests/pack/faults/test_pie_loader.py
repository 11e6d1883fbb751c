"""The fault pie-loader."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, held, one
from portwright.formats import elf

PIE = make(kind=elf.ET_DYN, base=0, dynamic=[(elf.DT_FLAGS_1, elf.DF_1_PIE)])


def test_a_pie_for_a_loader_that_maps_at_fixed_addresses() -> None:
    row = one("pie-loader", PIE, port=held("elf-exec"))
    assert row.severity == "error" and "takes elf-exec" in row.what


def test_a_fixed_address_for_a_loader_that_wants_to_choose() -> None:
    assert "ET_EXEC" in one("pie-loader", make(), port=held("elf-pie")).what


def test_without_a_port_a_static_pie_is_only_noted() -> None:
    row = one("pie-loader", PIE)
    assert row.severity == "note" and "a loader that applies no relocations" in row.what
    assert not found("pie-loader", make(kind=elf.ET_DYN, base=0, interpreter="/lib/ld.so"))


def test_what_the_loader_takes_is_right() -> None:
    assert not found("pie-loader", PIE, port=held("elf-exec", "elf-pie"))
    assert not found("pie-loader", make(), port=held("elf-exec"))
    assert not found("pie-loader", make(kind=elf.ET_DYN, base=0, soname="libx.so"), port=held())
