"""What a conversion to Mach-O asks of an ELF file for m68k: its kind and CPU, its relocations, its names."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from portwright.base.errors import BadInput, Fault, Where
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
    if faults:
        raise BadInput(faults)
    return found


def mends(file: Elf, index: int) -> Iterator[Mend]:
    """The relocations of a section, by its number."""
    for section in file.sections:
        if section.kind == elf.SHT_RELA and section.info == index:
            data = file.section_bytes(section)
            for place, info, addend in RELA.iter_unpack(data[: len(data) // RELA.size * RELA.size]):
                yield Mend(place, info & 0xFF, info >> 8, addend)


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
