"""Mach-O files: which CPU, kind and byte order any has; and NeXT's for m68k, objects and programs, read and written.

`parse`, `load` and `write` are of NeXT's alone; the values are in `parts/macho_values.py`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portwright.base.errors import Fault, Where, fail, raise_if
from portwright.base.sources import Source

if TYPE_CHECKING:  # every verb on images asks this module what a file is, and most need no more
    from portwright.formats.parts.macho_values import Macho

SUMMARY = "Mach-O file (NeXTSTEP, macOS)"
ORDERS = {
    b"\xfe\xed\xfa\xce": (">", 32),
    b"\xfe\xed\xfa\xcf": (">", 64),
    b"\xce\xfa\xed\xfe": ("<", 32),
    b"\xcf\xfa\xed\xfe": ("<", 64),
}
FAT = b"\xca\xfe\xba\xbe"
MOST_PARTS = 30  # Java's classes have the same magic, and a version above this where the number of parts is
CPUS = {6: "m68k", 7: "x86", 12: "Arm", 18: "PowerPC", 0x0100_0007: "x86-64", 0x0100_000C: "AArch64"}
NEXT_CPU = CPUS[6]
KINDS = {
    1: "object",
    2: "executable",
    3: "fixed shared library",
    4: "core",
    5: "stand-alone executable",
    6: "shared library",
    7: "dynamic linker",
    8: "bundle",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What a Mach-O header says; `subtype` is the CPU's, `commands` how many load commands follow."""

    bits: int
    big_endian: bool
    cpu: int
    subtype: int
    kind: int
    commands: int
    flags: int


def identify(source: Source) -> str | None:
    """What this is, by its header only."""
    head = source.read(0, 4) if source.size >= 28 else b""
    if head in ORDERS:
        found = read(source)
        order = "big-endian" if found.big_endian else "little-endian"
        cpu = CPUS.get(found.cpu, f"CPU {found.cpu}")
        return f"{found.bits}-bit {order} Mach-O, {KINDS.get(found.kind, f'kind {found.kind}')}, {cpu}"
    if head == FAT:
        count = int.from_bytes(source.read(4, 4), "big")
        if 0 < count <= MOST_PARTS and 8 + 20 * count <= source.size:
            rows = [struct.unpack(">IIIII", source.read(8 + 20 * index, 20)) for index in range(count)]
            return f"fat Mach-O, {', '.join(CPUS.get(row[0], f'CPU {row[0]}') for row in rows)}"
    return None


def of_next(source: Source) -> bool:
    """Whether this is for the CPU of NeXT's machines, at least in one of its parts: `parse` reads those."""
    words = identify(source)
    return words is not None and NEXT_CPU in words


def read(source: Source) -> Header:
    """The header; raises `BadInput` where there is none."""
    magic = source.read(0, min(4, source.size))
    if magic not in ORDERS:
        raise fail("not a Mach-O file", Where(source.name, address=0), code="macho/magic")
    order, bits = ORDERS[magic]
    cpu, subtype, kind, commands, _, flags = struct.unpack(order + "6I", source.read(4, 24))
    return Header(bits, order == ">", cpu, subtype, kind, commands, flags)


def parse(source: Source) -> tuple[Macho, list[Fault]]:
    """A file of NeXT's as far as it can be read (of a fat one its part for m68k), and everything that is wrong with it.

    Raises `BadInput` where it is no such file at all.
    """
    from portwright.formats.parts import macho_check, macho_reader

    reading = macho_reader.Reading(source)
    macho = reading.macho()
    return macho, [*reading.faults, *macho_check.check(macho, source.name)]


def load(source: Source) -> Macho:
    """A file of NeXT's; raises `BadInput` with all that is wrong."""
    macho, faults = parse(source)
    raise_if(faults)
    return macho


def write(macho: Macho, name: str = "Mach-O file") -> bytes:
    """The bytes of a file; raises `BadInput` with all that is wrong. Where its parts lie in the file is laid out anew."""
    from portwright.formats.parts import macho_check, macho_writer

    raise_if(macho_check.check(macho, name))
    return macho_writer.write(macho, name)
