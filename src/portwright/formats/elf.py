"""ELF files, 32 and 64 bits, either byte order: header, segments, sections, symbols, dynamic table, relocations.

Names are the standard's, spelled out. Reading checks that what is asked for lies inside the file; whether a
program can be loaded is for others to judge. Sections and symbols are read when they are asked for.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Slices, Source

MAGIC = b"\x7fELF"

ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_PHDR, PT_TLS = 1, 2, 3, 4, 6, 7
PT_GNU_STACK, PT_GNU_RELRO = 0x6474_E551, 0x6474_E552
PF_X, PF_W, PF_R = 1, 2, 4
SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOBITS, SHT_REL, SHT_DYNSYM, SHT_SYMTAB_SHNDX = 2, 3, 4, 8, 9, 11, 18
SHT_NOTE, SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_COMPRESSED = 7, 1, 2, 4, 0x400, 0x800
SHN_UNDEF, SHN_ABS, SHN_COMMON, SHN_XINDEX = 0, 0xFFF1, 0xFFF2, 0xFFFF
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_TLS = 0, 1, 2, 3, 4, 6
DT_NULL, DT_NEEDED, DT_RELA, DT_RELASZ, DT_REL, DT_RELSZ = 0, 1, 7, 8, 17, 18
DT_STRTAB, DT_STRSZ, DT_SONAME, DT_PLTRELSZ, DT_PLTREL, DT_JMPREL = 5, 10, 14, 2, 20, 23
DT_BIND_NOW, DT_FLAGS, DT_RELRSZ, DT_RELR, DT_FLAGS_1 = 24, 30, 35, 36, 0x6FFF_FFFB
DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 8, 1, 0x0800_0000
PN_XNUM = 0xFFFF

TYPES = {
    ET_REL: "relocatable",
    ET_EXEC: "executable",
    ET_DYN: "shared or position-independent",
    ET_CORE: "core",
}

MACHINES = {
    2: "SPARC",
    3: "x86",
    4: "m68k",
    8: "MIPS",
    20: "PowerPC",
    21: "PowerPC64",
    22: "s390x",
    40: "Arm",
    62: "x86-64",
    183: "AArch64",
    243: "RISC-V",
    258: "LoongArch",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A program header: what is to lie in memory at `address`; `kind` is p_type, `flags` p_flags."""

    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    file_size: int
    memory_size: int
    alignment: int


@dataclass(frozen=True, slots=True)
class Section:
    """A section header; `kind` is sh_type."""

    name: str
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol: `binding` and `kind` are the halves of st_info, `section` the index (or SHN_*)."""

    name: str
    value: int
    size: int
    binding: int
    kind: int
    visibility: int
    section: int


@dataclass(frozen=True, slots=True)
class Relocation:
    """A place to mend; `addend` is None where it lies in the place itself (REL, RELR)."""

    place: int
    kind: int
    symbol: int
    addend: int | None


class _Forms:
    """The structs of one width and byte order."""

    def __init__(self, bits: int, mark: str) -> None:
        wide = bits == 64
        self.word = struct.Struct(mark + ("Q" if wide else "I"))
        self.header = struct.Struct(mark + ("16sHHIQQQIHHHHHH" if wide else "16sHHIIIIIHHHHHH"))
        self.segment = struct.Struct(mark + ("IIQQQQQQ" if wide else "IIIIIIII"))
        self.section = struct.Struct(mark + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"))
        self.symbol = struct.Struct(mark + ("IBBHQQ" if wide else "IIIBBH"))
        self.dynamic = struct.Struct(mark + ("qQ" if wide else "iI"))
        self.rel = struct.Struct(mark + ("QQ" if wide else "II"))
        self.rela = struct.Struct(mark + ("QQq" if wide else "IIi"))
        self.index = struct.Struct(mark + "I")


class Elf:
    """One ELF file, in memory or read by parts from a source; `name` is what errors call it."""

    def __init__(self, data: bytes | Slices, name: str = "ELF file") -> None:
        self._file = data
        self.name = name
        if data[:4] != MAGIC:
            found = "nothing" if not data else data[:4].hex(" ")
            raise self._bad(f"not an ELF file: it begins with {found}, not with 7f 45 4c 46", 0)
        if len(data) < 16:
            raise self._bad(f"cut off after {len(data)} bytes, inside its header", len(data))
        width, order = data[4:6]
        bits, mark = {1: 32, 2: 64}.get(width), {1: "<", 2: ">"}.get(order)
        if bits is None or mark is None:
            what = f"class {width}" if bits is None else f"data encoding {order}"
            raise self._bad(f"{what} is neither of the two that ELF knows", 4 if bits is None else 5)
        self.bits: Literal[32, 64] = 64 if bits == 64 else 32
        self.endian: Literal["little", "big"] = "little" if mark == "<" else "big"
        self._forms = _Forms(bits, mark)
        self._read_header()

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self._file if isinstance(self._file, bytes) else self._file[:]

    def _read_header(self) -> None:
        fields = self._unpack(self._forms.header, 0, "the header")
        (_, self.kind, self.machine, self.version, self.entry, segments, sections, self.flags) = fields[:8]
        (_, segment_size, segment_count, section_size, section_count, names) = fields[8:]
        self.segments_offset, self.segment_size = segments, segment_size
        self._sections_at = (sections, section_size, section_count, names)
        if segment_count == PN_XNUM and sections:
            segment_count = self._section_row(0)[7]
        if segment_count and segment_size != self._forms.segment.size:
            raise self._bad(
                f"its program headers are {segment_size} bytes each, not {self._forms.segment.size}", 0
            )
        size = segment_count * segment_size
        if segment_count and segments + size > len(self._file):
            raise self._bad(
                f"cut off: {segment_count} program headers should end at {segments + size:#x}, "
                f"the file ends at {len(self._file):#x}",
                segments,
            )
        rows = self._forms.segment.iter_unpack(self._file[segments : segments + size])
        self.segments = tuple(self._segment(row) for row in rows)

    def _segment(self, row: tuple[int, ...]) -> Segment:
        if self.bits == 64:
            return Segment(*row)
        kind, offset, address, physical, in_file, in_memory, flags, alignment = row
        return Segment(kind, flags, offset, address, physical, in_file, in_memory, alignment)

    # sections and symbols

    @property
    def section_table(self) -> tuple[int, int, int]:
        """(where the header says that the section headers are, the size of one, how many)."""
        return self._sections_at[:3]

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections, the empty first one included; raises `BadInput` where the table is broken."""
        offset, _, count, names = self._sections_at
        if not offset:
            return ()
        if count == 0:
            count = self._section_row(0)[5]
        if names == SHN_XINDEX:
            names = self._section_row(0)[6]
        size = self._forms.section.size
        if offset + count * size > len(self._file):
            raise self._bad(f"cut off: its {count} section headers reach beyond the end", offset)
        rows = [self._section_row(index) for index in range(count)]
        table = b""
        if 0 < names < count:
            table = self.bytes_at(rows[names][4], rows[names][5], "the section names")
        return tuple(Section(_string(table, row[0]), *row[1:]) for row in rows)

    def _section_row(self, index: int) -> tuple[int, ...]:
        offset, size, _, _ = self._sections_at
        form = self._forms.section
        if size != form.size:
            raise self._bad(f"its section headers are {size} bytes each, not {form.size}", 0)
        return self._unpack(form, offset + index * size, f"section header {index}")

    def section(self, name: str) -> Section | None:
        """The first section of that name."""
        return next((section for section in self.sections if section.name == name), None)

    def section_bytes(self, section: Section) -> bytes:
        """A section's content (nothing for SHT_NOBITS)."""
        if section.kind == SHT_NOBITS:
            return b""
        return self.bytes_at(section.offset, section.size, f"section {section.name}")

    def symbols(self, table: int = SHT_SYMTAB) -> Iterator[Symbol]:
        """The symbols of the symbol table (or of SHT_DYNSYM), the empty first one included."""
        for index, section in enumerate(self.sections):
            if section.kind == table:
                yield from self._symbols_of(index, section)

    def _symbols_of(self, index: int, section: Section) -> Iterator[Symbol]:
        form = self._forms.symbol
        if section.link >= len(self.sections):
            raise self._bad(f"the symbol table's names are in section {section.link}, which is not there", 0)
        names = self.section_bytes(self.sections[section.link])
        data = self.section_bytes(section)
        if len(data) % form.size:
            raise self._bad(f"the symbol table is not a whole number of entries of {form.size} bytes", 0)
        indexes = self._extended_indexes(index)
        for number, row in enumerate(form.iter_unpack(data)):
            if self.bits == 64:
                name, info, other, place, value, size = row
            else:
                name, value, size, info, other, place = row
            if place == SHN_XINDEX and number < len(indexes):
                place = indexes[number]
            yield Symbol(_string(names, name), value, size, info >> 4, info & 15, other & 3, place)

    def _extended_indexes(self, table: int) -> list[int]:
        for section in self.sections:
            if section.kind == SHT_SYMTAB_SHNDX and section.link == table:
                data = self.section_bytes(section)
                return [index for (index,) in self._forms.index.iter_unpack(data[: len(data) & ~3])]
        return []

    # what a loader asks

    @property
    def loads(self) -> tuple[Segment, ...]:
        """The PT_LOAD segments, in the file's order."""
        return tuple(segment for segment in self.segments if segment.kind == PT_LOAD)

    def segment(self, kind: int) -> Segment | None:
        """The first segment of a kind."""
        return next((segment for segment in self.segments if segment.kind == kind), None)

    def segment_bytes(self, segment: Segment) -> bytes:
        """What the file holds for a segment; raises `BadInput` where the file is cut off."""
        return self.bytes_at(segment.offset, segment.file_size, f"the segment at {segment.address:#x}")

    def at_address(self, address: int, length: int, what: str) -> bytes:
        """Bytes of the file by the address that they are loaded at."""
        for segment in self.loads:
            start = address - segment.address
            if start >= 0 and start + length <= segment.file_size:
                return self.bytes_at(segment.offset + start, length, what)
        raise self._bad(f"{what} ({length:#x} bytes at address {address:#x}) is in no segment", 0)

    def dynamic(self) -> list[tuple[int, int]]:
        """(tag, value) of the dynamic table, up to its end mark."""
        segment = self.segment(PT_DYNAMIC)
        if segment is None:
            return []
        data = self.segment_bytes(segment)
        form = self._forms.dynamic
        found: list[tuple[int, int]] = []
        for tag, value in form.iter_unpack(data[: len(data) // form.size * form.size]):
            if tag == DT_NULL:
                break
            found.append((tag, value))
        return found

    def dynamic_relocations(self) -> Iterator[Relocation]:
        """What a loader of a position-independent program must mend (RELA, REL); RELR see `relative_places`."""
        table = dict(self.dynamic())
        for at, length, form in (
            (table.get(DT_RELA, 0), table.get(DT_RELASZ, 0), self._forms.rela),
            (table.get(DT_REL, 0), table.get(DT_RELSZ, 0), self._forms.rel),
        ):
            if length:
                data = self.at_address(at, length, "the relocation table")
                for row in form.iter_unpack(data[: len(data) // form.size * form.size]):
                    symbol, kind = divmod(row[1], 1 << (32 if self.bits == 64 else 8))
                    yield Relocation(row[0], kind, symbol, row[2] if len(row) > 2 else None)

    def relocation_kinds(self) -> dict[int, int]:
        """How many dynamic relocations there are of each kind, those of calls included (without RELR's)."""
        table = dict(self.dynamic())
        calls = self._forms.rela if table.get(DT_PLTREL) == DT_RELA else self._forms.rel
        counts: Counter[int] = Counter()
        for at, length, form in (
            (table.get(DT_RELA, 0), table.get(DT_RELASZ, 0), self._forms.rela),
            (table.get(DT_REL, 0), table.get(DT_RELSZ, 0), self._forms.rel),
            (table.get(DT_JMPREL, 0), table.get(DT_PLTRELSZ, 0), calls),
        ):
            if length:
                data = self.at_address(at, length, "the relocation table")
                rows = form.iter_unpack(data[: len(data) // form.size * form.size])
                mask = 0xFFFF_FFFF if self.bits == 64 else 0xFF
                counts.update(row[1] & mask for row in rows)
        return dict(counts)

    def relative_places(self) -> Iterator[int]:
        """The addresses that RELR names: words to which the load address is added."""
        table = dict(self.dynamic())
        length = table.get(DT_RELRSZ, 0)
        if not length:
            return
        size = self._forms.word.size
        data = self.at_address(table.get(DT_RELR, 0), length, "the RELR table")
        place = 0
        for (entry,) in self._forms.word.iter_unpack(data[: len(data) // size * size]):
            if not entry & 1:
                yield entry
                place = entry + size
                continue
            for bit in range(1, self.bits):
                if entry >> bit & 1:
                    yield place + (bit - 1) * size
            place += (self.bits - 1) * size

    # bytes

    def bytes_at(self, offset: int, length: int, what: str) -> bytes:
        """Bytes of the file; raises `BadInput` that names `what` where they are not there."""
        if offset + length > len(self._file):
            raise self._bad(
                f"cut off: {what} should end at {offset + length:#x}, the file ends at {len(self._file):#x}",
                offset,
            )
        return self._file[offset : offset + length]

    def _unpack(self, form: struct.Struct, offset: int, what: str) -> tuple[int, ...]:
        return form.unpack(self.bytes_at(offset, form.size, what))

    def _bad(self, what: str, offset: int) -> BadInput:
        return fail(what, Where(self.name, address=offset), code="elf/broken")


def read(data: bytes, name: str = "ELF file") -> Elf:
    """Read an ELF file's header and segments; raises `BadInput` where it is none or is cut off."""
    return Elf(data, name)


def open_source(source: Source) -> Elf:
    """The same for a file that may be large: of a source only what is asked for is read."""
    return Elf(Slices(source), source.name)


def identify(source: Source) -> str | None:
    """What this is, by its header only."""
    if source.size < 20 or source.read(0, 4) != MAGIC:
        return None
    head = source.read(0, 20)
    mark = ">" if head[5] == 2 else "<"
    kind, machine = struct.unpack(mark + "HH", head[16:20])
    width = {1: "32-bit ", 2: "64-bit "}.get(head[4], "")
    return f"{width}ELF, {TYPES.get(kind, f'type {kind}')}, {MACHINES.get(machine, f'machine {machine}')}"


def _string(table: bytes, place: int) -> str:
    end = table.find(b"\0", place)
    return table[place : end if end >= 0 else len(table)].decode("utf-8", "replace")
