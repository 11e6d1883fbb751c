"""A Mach-O file of NeXT's as values: segments, sections, relocations, symbols, threads, fixed libraries."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

M68K = 6
OBJECT, EXECUTE = 1, 2
NO_UNDEFINED = 1
PAGE = 8192
READ, WRITE, RUN = 1, 2, 4
NO_RELOCATION = 4

LC_SEGMENT, LC_SYMTAB, LC_SYMSEG, LC_THREAD, LC_UNIXTHREAD = 1, 2, 3, 4, 5
LC_LOADFVMLIB, LC_IDFVMLIB, LC_DYSYMTAB = 6, 7, 11
REGULAR, ZEROFILL, CSTRINGS = 0, 1, 2
VANILLA, PAIR, SECTDIFF, LOCAL_SECTDIFF = 0, 1, 2, 4
DIFFERENCES = (SECTDIFF, LOCAL_SECTDIFF)
N_STAB, N_TYPE, N_EXT = 0xE0, 0x0E, 1
N_UNDF, N_ABS, N_INDR, N_SECT = 0, 2, 0xA, 0xE
REGISTERS, REGISTER_COUNT, PC = 1, 18, 17
FARTHEST = 0xFF_FFFF
"""The highest place within a section that a scattered entry can name."""

HEADER = struct.Struct(">7I")
SEGMENT = struct.Struct(">2I16s8I")
SECTION = struct.Struct(">16s16s9I")
SYMTAB = struct.Struct(">6I")
LIBRARY = struct.Struct(">5I")
NLIST = struct.Struct(">IBBhI")
ENTRY = struct.Struct(">2I")


@dataclass(frozen=True, slots=True)
class Plain:
    """A relocation by number: of a symbol (`external`) or of a section, counted from 1 (0: absolute).

    `address` is the place within the section, `length` 0, 1, 2 for 1, 2, 4 bytes.
    """

    address: int
    number: int
    pc_relative: bool
    length: int
    external: bool
    kind: int = VANILLA


@dataclass(frozen=True, slots=True)
class Scattered:
    """A relocation by the address, in this file, of what is referred to."""

    address: int
    value: int
    pc_relative: bool
    length: int
    kind: int = VANILLA


Relocation = Plain | Scattered


@dataclass(frozen=True, slots=True)
class Section:
    """A section. `data` is empty where it is filled with zeros; `alignment` is a power of two's exponent."""

    name: str
    segment: str
    address: int
    size: int
    data: bytes = b""
    alignment: int = 0
    flags: int = REGULAR
    relocations: tuple[Relocation, ...] = ()
    reserved: tuple[int, int] = (0, 0)
    offset: int = field(default=0, compare=False)
    relocations_offset: int = field(default=0, compare=False)

    @property
    def zero_filled(self) -> bool:
        """Whether the file holds nothing for it."""
        return self.flags & 0xFF == ZEROFILL

    @property
    def end(self) -> int:
        """The address behind it."""
        return self.address + self.size


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment. Where its bytes lie in a file is laid out by the writer, and told by the reader."""

    name: str
    address: int
    memory_size: int
    sections: tuple[Section, ...] = ()
    maximum: int = 7
    initial: int = 7
    flags: int = 0
    file_offset: int = field(default=0, compare=False)
    file_size: int = field(default=0, compare=False)

    @property
    def content_end(self) -> int:
        """The address behind the last byte that the file holds for a section of it."""
        return max((row.end for row in self.sections if not row.zero_filled), default=self.address)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol: `kind` is n_type, `section` counted from 1 over the file, `alias` the other name of an indirect one."""

    name: str
    kind: int
    section: int = 0
    description: int = 0
    value: int = 0
    alias: str = ""

    @property
    def debugging(self) -> bool:
        """Whether it is a debugger's note."""
        return bool(self.kind & N_STAB)

    @property
    def place(self) -> int:
        """N_UNDF, N_ABS, N_SECT or N_INDR."""
        return self.kind & N_TYPE

    @property
    def external(self) -> bool:
        """Whether other files see it."""
        return bool(self.kind & N_EXT)


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread's registers at its start, (flavor, words) each; `unix`: the kernel makes its stack and arguments."""

    states: tuple[tuple[int, tuple[int, ...]], ...]
    unix: bool = True

    @property
    def entry(self) -> int | None:
        """Where it begins, if its registers are told."""
        for flavor, words in self.states:
            if flavor == REGISTERS and len(words) == REGISTER_COUNT:
                return words[PC]
        return None


def starts_at(entry: int) -> Thread:
    """The first thread of a program, all registers zero but the program counter."""
    return Thread(((REGISTERS, (*[0] * PC, entry)),))


@dataclass(frozen=True, slots=True)
class FixedLibrary:
    """A shared library at a fixed address that is loaded (or, in the library itself, `identifies` it)."""

    name: str
    minor_version: int
    header_address: int
    identifies: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A load command that is kept as it is: its number and what follows its first 8 bytes."""

    kind: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Macho:
    """A whole file; `subtype`: 1 for any 68030 or 68040, 2 for a 68040 only. `tables`: where the reader found
    symbols and names, and how many bytes of names."""

    kind: int
    segments: tuple[Segment, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    threads: tuple[Thread, ...] = ()
    libraries: tuple[FixedLibrary, ...] = ()
    notes: tuple[Note, ...] = ()
    flags: int = 0
    subtype: int = 1
    tables: tuple[int, int, int] = field(default=(0, 0, 0), compare=False)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections in the order in which symbols and relocations number them, from 1."""
        return tuple(row for segment in self.segments for row in segment.sections)

    @property
    def entry(self) -> int | None:
        """Where the program begins."""
        return next((thread.entry for thread in self.threads if thread.entry is not None), None)
