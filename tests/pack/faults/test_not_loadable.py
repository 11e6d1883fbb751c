"""The fault not-loadable."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, held, one
from portwright.formats import elf

MACHO = bytes.fromhex("feedface00000006000000010000000200000000000000000000000000000000")


def test_an_object_where_programs_are() -> None:
    assert "never linked" in one("not-loadable", make(kind=elf.ET_REL), "bin/init", mode=0o755).what
    assert not found("not-loadable", make(kind=elf.ET_REL), "lib/init.o", mode=0o644)


def test_elf_for_a_loader_of_mach_o_and_the_other_way_round() -> None:
    assert "takes macho-exec" in one("not-loadable", make(), port=held("macho-exec")).what
    assert "Mach-O" in one("not-loadable", MACHO, port=held("elf-exec")).what
    assert not found("not-loadable", MACHO, port=held("macho-exec"))
    assert not found("not-loadable", make(), port=held("elf-exec"))
    assert not found("not-loadable", make())
