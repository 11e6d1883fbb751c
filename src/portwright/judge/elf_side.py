"""One side of a comparison of two ELF files: its sections by name and part, and what lies at an address."""

from __future__ import annotations

import bisect
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Source
from portwright.formats import elf
from portwright.judge import symbol_names
from portwright.judge.bytewise import Stretch, whole
from portwright.judge.difference import Part

SYMBOLS = {elf.SHT_SYMTAB, elf.SHT_STRTAB, elf.SHT_DYNSYM, elf.SHT_SYMTAB_SHNDX, 5, 0x6FFF_FFF6, 17}
VERSIONS = {0x6FFF_FFFD, 0x6FFF_FFFE, 0x6FFF_FFFF}
RELR = 19
PEEK = 24


@dataclass(frozen=True, slots=True)
class Function:
    """A stretch of code: `start` from the beginning of its section; no name where no table has one."""

    name: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Target:
    """What lies at an address: the symbol and how far into it, else the section and its bytes."""

    symbol: str
    section: str
    into: int
    bytes: bytes = b""


class Side:
    """An ELF file of which only what is asked for is read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.elf = elf.open_source(source)
        self.sections = self.elf.sections
        self.relocatable = self.elf.kind == elf.ET_REL
        self._mapped = sorted(
            (section.address, section.address + section.size, index)
            for index, section in enumerate(self.sections)
            if section.flags & elf.SHF_ALLOC and section.size and not section.flags & elf.SHF_TLS
        )

    @property
    def loaded(self) -> bool:
        """Whether anything of it is loaded into memory."""
        return bool(self._mapped)

    def stretch(self, section: elf.Section) -> Stretch:
        """A section's content; raises `BadInput` where it reaches beyond the file."""
        if section.kind == elf.SHT_NOBITS:
            return Stretch(self.source, 0, 0)
        if section.offset + section.size > self.source.size:
            self.elf.section_bytes(section)
        return Stretch(self.source, section.offset, section.size)

    @cached_property
    def symbols(self) -> tuple[elf.Symbol, ...]:
        """All symbols, those of the larger table first: the other one only repeats some."""
        found = tuple(self.elf.symbols())
        return found or tuple(self.elf.symbols(elf.SHT_DYNSYM))

    @cached_property
    def units(self) -> int:
        """How many codegen units a linked file says that it was made of."""
        if self.relocatable:
            return 0
        return sum(
            row.kind == elf.STT_FILE and symbol_names.UNITS.search(row.name) is not None
            for row in self.symbols
        )

    @cached_property
    def _named(self) -> tuple[list[int], list[elf.Symbol]]:
        """The symbols with a place, by their addresses."""
        rows = [
            symbol
            for symbol in self.symbols
            if 0 < symbol.section < elf.SHN_ABS
            and symbol.kind not in (elf.STT_SECTION, elf.STT_FILE, elf.STT_TLS)
            and symbol.name
        ]
        rows.sort(key=lambda symbol: (symbol.value, symbol.size))
        return [symbol.value for symbol in rows], rows

    def functions(self, index: int) -> list[Function]:
        """The functions of one section by their places; those without a size and second names are left out."""
        section = self.sections[index]
        base = 0 if self.relocatable else section.address
        found: dict[int, Function] = {}
        for symbol in self.symbols:
            if symbol.section == index and symbol.size and symbol.kind in (elf.STT_FUNC, elf.STT_NOTYPE, 10):
                start = symbol.value - base
                known = found.get(start)
                inside = start >= 0 and start + symbol.size <= section.size
                if inside and (known is None or known.size < symbol.size):
                    found[start] = Function(symbol.name, start, symbol.size)
        return sorted(found.values(), key=lambda function: function.start)

    @cached_property
    def pointers(self) -> dict[int, int]:
        """The addresses that a loader writes, by their places."""
        return {
            row.place: row.addend
            for row in self.elf.dynamic_relocations()
            if row.addend is not None and not row.symbol
        }

    def without_pointers(self, index: int) -> Stretch:
        """A section's content with zeros where a loader writes addresses."""
        section = self.sections[index]
        data = bytearray(self.elf.section_bytes(section))
        width = self.elf.bits // 8
        for place in self.pointers:
            at = place - section.address
            if 0 <= at <= len(data) - width:
                data[at : at + width] = bytes(width)
        return whole(Memory(data, self.source.name))

    @cached_property
    def frames(self) -> list[int]:
        """Where functions begin, by the table for unwinding; nothing where there is none that is sorted."""
        section = self.elf.section(".eh_frame_hdr")
        if section is None or section.size < 12:
            return []
        data = self.elf.section_bytes(section)
        if data[:1] != b"\x01" or data[3] != 0x3B or data[1] != 0x1B or data[2] != 0x03:
            return []
        mark = "<" if self.elf.endian == "little" else ">"
        (count,) = struct.unpack_from(mark + "I", data, 8)
        rows = data[12 : 12 + min(count, (len(data) - 12) // 8) * 8]
        return sorted(section.address + start for start, _ in struct.iter_unpack(mark + "ii", rows))

    def unnamed(self, index: int) -> list[Function]:
        """The functions of a section as the table for unwinding has them: each reaches to the next."""
        section = self.sections[index]
        first, last = section.address, section.address + section.size
        starts = [start for start in self.frames if first <= start < last]
        ends = [*starts[1:], last][: len(starts)]
        return [
            Function("", start - first, end - start)
            for start, end in zip(starts, ends, strict=True)
            if end > start
        ]

    def before(self, address: int) -> str:
        """The nearest symbol at or before an address, as a landmark."""
        values, rows = self._named
        index = bisect.bisect_right(values, address) - 1
        if index < 0:
            return ""
        return f"{symbol_names.readable(rows[index].name)}+{address - rows[index].value:#x}"

    def symbol_at(self, address: int) -> tuple[elf.Symbol, int] | None:
        """The symbol that holds an address and how far into it that is (one without a size only at its place)."""
        values, rows = self._named
        index = bisect.bisect_right(values, address) - 1
        for row in rows[max(0, index - 8) : index + 1][::-1] if index >= 0 else ():
            into = address - row.value
            if into == 0 or into < row.size:
                return row, into
        return None

    def section_at(self, address: int) -> int | None:
        """The number of the section that is loaded at an address (its end belongs to it)."""
        index = bisect.bisect_right(self._mapped, (address, 1 << 64, 0)) - 1
        if index >= 0 and address <= self._mapped[index][1]:
            return self._mapped[index][2]
        return None

    def target(self, address: int) -> Target | None:
        """What lies at an address of a linked file."""
        index = self.section_at(address)
        if index is None:
            return None
        section = self.sections[index]
        found = self.symbol_at(address)
        if found is not None:
            return Target(symbol_names.key(found[0].name), section.name, found[1])
        place = address - section.address
        data = b"" if section.kind == elf.SHT_NOBITS else self.stretch(section).read(place, PEEK)
        return Target("", section.name, place, data)

    def data_at(self, address: int, length: int = 120) -> bytes:
        """What the file holds for an address: up to the end of the text there, else some bytes."""
        index = self.section_at(address)
        if index is None:
            return b""
        section = self.sections[index]
        found = self.stretch(section).read(address - section.address, length)
        text = re.match(rb"[\x20-\x7e]{4,}", found)
        return text[0] if text else found[:16]

    def object_at(self, index: int, place: int) -> str:
        """The name of the symbol that holds a place of a section."""
        section = self.sections[index]
        if not self.relocatable:
            found = self.symbol_at(section.address + place)
            return symbol_names.readable(found[0].name) if found else ""
        for symbol in self.symbols:
            if symbol.section == index and symbol.value <= place < symbol.value + symbol.size:
                return symbol_names.readable(symbol.name)
        return ""

    def relocations(self, section: elf.Section) -> Iterator[tuple[int, int, int, int]]:
        """(place, kind, number of the symbol, addend) of a section of relocations."""
        mark = "<" if self.elf.endian == "little" else ">"
        wide, added = self.elf.bits == 64, section.kind == elf.SHT_RELA
        form = struct.Struct(mark + ("QQ" if wide else "II") + (("q" if wide else "i") if added else ""))
        data = self.elf.section_bytes(section)
        for row in form.iter_unpack(data[: len(data) // form.size * form.size]):
            symbol, kind = divmod(row[1], 1 << (32 if wide else 8))
            yield row[0], kind, symbol, row[2] if added else 0


def part_of(section: elf.Section) -> Part:
    """What a section is for, by its kind, flags and name."""
    name = section.name
    if section.kind in SYMBOLS or section.kind in VERSIONS:
        return "symbols"
    if section.kind in (elf.SHT_REL, elf.SHT_RELA, RELR):
        return "relocations"
    if name.startswith((".debug_", ".zdebug_", ".gdb_index", ".stab")):
        return "debug"
    if name.startswith((".rustc", ".rmeta")):
        return "metadata"
    if name.startswith((".llvmbc", ".llvmcmd", ".gnu.lto_")):
        return "bitcode"
    if name == ".note.gnu.build-id":
        return "build-id"
    if name == ".comment":
        return "comment"
    if name.startswith((".eh_frame", ".gcc_except_table", ".ARM.ex")):
        return "unwind"
    if section.kind == elf.SHT_NOTE or name == ".gnu_debuglink":
        return "note"
    if section.flags & elf.SHF_EXECINSTR:
        return "code"
    if section.flags & elf.SHF_ALLOC:
        return "data"
    return "none"


def open_both(a: Source, b: Source) -> tuple[Side, Side] | None:
    """Both files as ELF of one kind of machine, or None where they cannot be read as that."""
    try:
        left, right = Side(a), Side(b)
    except BadInput:
        return None
    if (left.elf.bits, left.elf.endian) != (right.elf.bits, right.elf.endian):
        return None
    return left, right
