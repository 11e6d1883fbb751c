"""What a conversion to Mach-O asks of an ELF file for m68k: its kind and CPU, its relocations, its names."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from portwright.base.errors import BadInput, Fault, Where, fail
from portwright.formats import elf
from portwright.formats.elf import Elf, Symbol
from portwright.formats.parts import macho_values as macho

MACHINE = 4
RELA = struct.Struct(">IIi")
WEAK, LOCAL = 2, 0
ABSOLUTE = {1: 2, 2: 1, 3: 0}
"""Relocation type -> length as Mach-O counts it; `RELATIVE` the same, of displacements. A call through a procedure
linkage table (13..15) is a plain one where nothing is linked at run time."""
RELATIVE = {4: 2, 5: 1, 6: 0, 13: 2, 14: 1, 15: 0}


@dataclass(frozen=True, slots=True)
class Mend:
    """A place in a section to be mended, as ELF says it."""

    place: int
    kind: int
    symbol: int
    addend: int


def opened(data: bytes, name: str, kind: int) -> Elf:
    """The ELF file; raises `BadInput` where it is of another CPU, order or kind."""
    found = elf.read(data, name)
    faults = []
    if found.machine != MACHINE:
        cpu = elf.MACHINES.get(found.machine, f"machine {found.machine}")
        faults.append(Fault(f"it is for {cpu}, not for m68k", Where(name, address=18), None, "macho/cpu"))
    elif (found.bits, found.endian) != (32, "big"):
        what = f"a {found.bits}-bit {found.endian}-endian ELF file; m68k's are 32-bit and big-endian"
        faults.append(Fault(what, Where(name, address=4), None, "macho/order"))
    if found.kind != kind:
        what = f"an ELF file of type {elf.TYPES.get(found.kind, str(found.kind))}, not {elf.TYPES[kind]}"
        hint = "link it static and not position-independent" if kind == elf.ET_EXEC else "give an object file"
        faults.append(Fault(what, Where(name, address=16), hint, "macho/kind"))
    if not faults and claims_too_much(found):
        what = "its sections hold more bytes than the file: they lie in one another, or it is cut off"
        faults.append(Fault(what, Where(name), "make it again", "macho/overlap"))
    if faults:
        raise BadInput(faults)
    return found


def tables(file: Elf) -> dict[int, list[elf.Section]]:
    """The tables of relocations by the number of the section that they mend."""
    found: dict[int, list[elf.Section]] = {}
    for section in file.sections:
        if section.kind in (elf.SHT_RELA, elf.SHT_REL):
            found.setdefault(section.info, []).append(section)
    return found


def mends(file: Elf, table: elf.Section) -> Iterator[Mend]:
    """The relocations of a table; raises `BadInput` where they have no addends, as no tool for m68k writes them."""
    if table.kind == elf.SHT_REL:
        where = Where(file.name, address=table.offset)
        raise fail(
            f"section {table.name} has relocations without addends", where, code="macho/relocation-type"
        )
    data = file.section_bytes(table)
    for place, info, addend in RELA.iter_unpack(data[: len(data) // RELA.size * RELA.size]):
        yield Mend(place, info & 0xFF, info >> 8, addend)


def claims_too_much(file: Elf) -> bool:
    """Whether the sections together say that they hold more than the file has: they lie in one another."""
    return sum(row.size for row in file.sections if row.kind not in (0, elf.SHT_NOBITS)) > len(file.data)


def underscored(symbol: Symbol) -> str:
    """The name as C programs have it on NeXT."""
    return "_" + symbol.name


def kept(symbol: Symbol) -> bool:
    """Whether a local symbol says anything to a person: not a file's name, not a section, not a compiler's label."""
    nameless = not symbol.name or symbol.name.startswith(".L")
    return not nameless and symbol.kind not in (elf.STT_FILE, elf.STT_SECTION)


def scope(symbol: Symbol) -> int:
    """N_EXT for what other files see."""
    return 0 if symbol.binding == LOCAL else macho.N_EXT
