"""PE files, of which EFI applications are made: headers and sections, 32 and 64 bits. Reading only."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source

SUMMARY = "PE file (EFI application, Windows program)"
MACHINES = {
    0x014C: "x86",
    0x8664: "x86-64",
    0x01C0: "Arm",
    0x01C2: "Thumb",
    0x01C4: "Thumb-2",
    0xAA64: "AArch64",
    0x5032: "RISC-V 32",
    0x5064: "RISC-V",
    0x6264: "LoongArch",
    0x0EBC: "EFI byte code",
}
SUBSYSTEMS = {
    1: "native",
    2: "Windows, graphical",
    3: "Windows, console",
    10: "EFI application",
    11: "EFI boot driver",
    12: "EFI runtime driver",
    13: "EFI ROM",
    16: "Windows boot application",
}
EFI_SUBSYSTEMS = (10, 11, 12, 13)
SCN_CODE, SCN_EXECUTE, SCN_WRITE = 0x20, 0x2000_0000, 0x8000_0000
_SECTION = struct.Struct("<8sIIIIIIHHI")


@dataclass(frozen=True, slots=True)
class Section:
    """A section: `address` from the image's base."""

    name: str
    address: int
    memory_size: int
    offset: int
    file_size: int
    flags: int


@dataclass(frozen=True, slots=True)
class Pe:
    """The headers; `entry` is an address from `base`, `relocations` the size of what says how to move it."""

    bits: int
    machine: int
    subsystem: int
    entry: int
    base: int
    memory_size: int
    relocations: int
    sections: tuple[Section, ...]

    def section_at(self, address: int) -> Section | None:
        """The section that an address (from the base) lies in."""
        for section in self.sections:
            if section.address <= address < section.address + max(section.memory_size, section.file_size):
                return section
        return None


def identify(source: Source) -> str | None:
    """What this is, by its magic only."""
    at = _header(source)
    if at is None:
        return None
    machine = int.from_bytes(source.read(at + 4, 2), "little") if at + 6 <= source.size else 0
    return f"PE, {MACHINES.get(machine, f'machine {machine:#x}')}"


def read(source: Source) -> Pe:
    """The headers; raises `BadInput` with the address of what is wrong."""
    at = _header(source)
    if at is None:
        raise fail("not a PE file: no `MZ` that leads to `PE`", Where(source.name), code="pe/magic")
    machine, count, _, _, _, size, _ = struct.unpack("<HHIIIHH", source.read(at + 4, 20))
    optional = at + 24
    magic = int.from_bytes(source.read(optional, 2), "little")
    if magic not in (0x10B, 0x20B) or size < (96 if magic == 0x10B else 112):
        raise _bad(source, optional, f"its optional header has the magic {magic:#x} and {size} bytes")
    head = source.read(optional, size)
    wide = magic == 0x20B
    (entry,) = struct.unpack_from("<I", head, 16)
    (base,) = struct.unpack_from("<Q" if wide else "<I", head, 24 if wide else 28)
    (memory_size,) = struct.unpack_from("<I", head, 56)
    (subsystem,) = struct.unpack_from("<H", head, 68)
    directory = 112 if wide else 96
    relocations = struct.unpack_from("<II", head, directory + 40)[1] if size >= directory + 48 else 0
    table = source.read(optional + size, count * _SECTION.size)
    sections = tuple(_section(row) for row in _SECTION.iter_unpack(table))
    return Pe(64 if wide else 32, machine, subsystem, entry, base, memory_size, relocations, sections)


def _section(row: tuple[bytes, int, int, int, int, int, int, int, int, int]) -> Section:
    name, memory_size, address, file_size, offset, *_, flags = row
    text = name.rstrip(b"\0").decode("utf-8", "replace")
    return Section(text, address, memory_size, offset, file_size, flags)


def _header(source: Source) -> int | None:
    """Where the PE header begins."""
    if source.size < 64 or source.read(0, 2) != b"MZ":
        return None
    at = int.from_bytes(source.read(60, 4), "little")
    return at if at + 4 <= source.size and source.read(at, 4) == b"PE\0\0" else None


def _bad(source: Source, at: int, what: str) -> BadInput:
    return fail(what, Where(source.name, address=at), "build it again", "pe/broken")
