"""Makes of an ELF program for m68k, linked static at fixed addresses, a Mach-O program that NeXT's kernel loads.

Nothing is moved: segments become whole pages of 8192 bytes where they are, page 0 is left without access, and the
header goes into the room before the first section or into the page before it. Symbols lie behind all segments and in
none: a `__LINKEDIT` segment would be loaded where the program's end is, from which its heap grows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from portwright.base.errors import Fault, Where, raise_if
from portwright.build import elf_m68k as m68k
from portwright.formats import elf, macho
from portwright.formats.parts import macho_values as values
from portwright.formats.parts.macho_values import PAGE, FixedLibrary, Macho, Section, Segment
from portwright.formats.parts.macho_writer import commands_size, rounded

LOWEST, HIGHEST = PAGE, 0x0400_0000 - (512 << 10)
"""Where a program may lie: behind page 0, before the stack that the kernel makes below 0x04000000."""
NAMES = {".text": "__text", ".rodata": "__const", ".data": "__data", ".bss": "__bss"}
MOST_SECTIONS = 250


def convert(
    data: bytes,
    name: str = "ELF program",
    libraries: Iterable[FixedLibrary] = (),
    *,
    symbols: bool = True,
    subtype: int = 1,
) -> bytes:
    """The Mach-O program, with its symbols if wanted; raises `BadInput` with everything that keeps it from being one."""
    conversion = Conversion(m68k.opened(data, name, elf.ET_EXEC), name)
    return macho.write(conversion.made(tuple(libraries), symbols=symbols, subtype=subtype), name)


class Conversion:
    """One program on its way."""

    def __init__(self, file: elf.Elf, name: str) -> None:
        self.file, self.name = file, name
        self.faults: list[Fault] = []

    def bad(self, what: str, at: int | None, code: str, hint: str | None = None) -> None:
        """Remember a fault."""
        self.faults.append(Fault(what, Where(self.name, address=at), hint, f"macho/{code}"))

    def made(self, libraries: tuple[FixedLibrary, ...], *, symbols: bool, subtype: int) -> Macho:
        """The program's values."""
        self._dynamic()
        loads = sorted((row for row in self.file.loads if row.memory_size), key=lambda row: row.address)
        self._places(loads)
        raise_if(self.faults)
        segments = [self._segment(*row) for row in _named(loads)]
        zero = Segment("__PAGEZERO", 0, PAGE, (), 0, 0, values.NO_RELOCATION)
        made = Macho(
            values.EXECUTE,
            (zero, *segments),
            threads=(values.starts_at(self.file.entry),),
            libraries=libraries,
            flags=values.NO_UNDEFINED,
            subtype=subtype,
        )
        if symbols:
            made = replace(made, symbols=self._symbols(made))
        raise_if(self.faults)
        return self._with_room(made)

    def _dynamic(self) -> None:
        for kind, what in (
            (elf.PT_INTERP, "it wants a dynamic linker"),
            (elf.PT_DYNAMIC, "it is linked dynamically"),
            (elf.PT_TLS, "it has thread-locals"),
        ):
            segment = self.file.segment(kind)
            if segment is not None and segment.memory_size:
                hint = "NeXT loads a program as it is: link with -static, without thread-locals"
                self.bad(what, segment.offset, "dynamic", hint)

    def _places(self, loads: list[elf.Segment]) -> None:
        if not loads:
            self.bad("it has no segment to load", None, "no-segment")
        for row in loads:
            end = row.address + row.memory_size
            if row.address < LOWEST or end > HIGHEST:
                what = f"a segment lies at {row.address:#x}..{end:#x}"
                hint = f"a program has {LOWEST:#x}..{HIGHEST:#x}; link with -Ttext-segment=0x4000"
                self.bad(what, row.address, "range", hint)
            if row.file_size > row.memory_size:
                self.bad(f"the segment at {row.address:#x} is larger in the file", row.offset, "size")
        for left, right in pairwise(loads):
            if _end(left) > _start(right):
                what = f"segments at {left.address:#x} and {right.address:#x} share a page of {PAGE} bytes"
                self.bad(what, right.address, "page", "link with -z max-page-size=8192")

    def _segment(self, title: str, load: elf.Segment) -> Segment:
        data = self.file.segment_bytes(load)
        parts = [
            section
            for section in self.file.sections
            if section.flags & elf.SHF_ALLOC
            and section.size
            and load.address <= section.address < load.address + load.memory_size
        ]
        parts.sort(key=lambda section: section.address)
        for left, right in pairwise(parts):
            if left.address + left.size > right.address:
                self.bad(f"sections {left.name} and {right.name} overlap", right.address, "overlap")
        raise_if(self.faults)  # sections that lie in one another must not be copied out many times
        if parts and len(self.file.sections) <= MOST_SECTIONS:
            sections = [self._section(title, part, load, data) for part in parts]
        else:
            sections = _whole(title, load, data, self._headers(load))
        sections = [section for section in sections if section.size]
        initial = values.READ
        if load.flags & elf.PF_W:
            initial |= values.WRITE | values.RUN  # as NeXT's own linker has its __DATA
        elif load.flags & elf.PF_X:
            initial |= values.RUN
        start = _start(load)
        return Segment(title, start, _end(load) - start, tuple(sections), 7, initial)

    def _headers(self, load: elf.Segment) -> int:
        """How many bytes at the start of a segment are ELF's own headers."""
        if load.offset:
            return 0
        end = self.file.segments_offset + self.file.segment_size * len(self.file.segments)
        return min(max(52, end), load.file_size)

    def _section(self, title: str, part: elf.Section, load: elf.Segment, data: bytes) -> Section:
        start = part.address - load.address
        name = NAMES.get(part.name) or "__" + re.sub(r"[^A-Za-z0-9_]", "_", part.name.lstrip("."))[:14]
        if start + part.size > load.memory_size:
            self.bad(f"section {part.name} reaches out of its segment", part.address, "outside")
            return Section(name, title, part.address, 0)
        unit = part.alignment if 0 < part.alignment <= PAGE and part.address % part.alignment == 0 else 1
        exponent = unit.bit_length() - 1 if unit & (unit - 1) == 0 else 0
        if part.kind == elf.SHT_NOBITS and start >= load.file_size:
            return Section(name, title, part.address, part.size, b"", exponent, values.ZEROFILL)
        content = data[start : start + part.size].ljust(part.size, b"\0")
        return Section(name, title, part.address, part.size, content, exponent)

    def _symbols(self, made: Macho) -> tuple[values.Symbol, ...]:
        home = _Homes(made.sections)
        found: list[values.Symbol] = []
        for symbol in self.file.symbols():
            title, scope = m68k.underscored(symbol), m68k.scope(symbol)
            if symbol.section == elf.SHN_UNDEF:
                if symbol.name and symbol.binding != m68k.WEAK:
                    self.bad(f"{symbol.name} is undefined", None, "undefined", "link it with what defines it")
            elif m68k.kept(symbol):
                number = home.of(symbol.value) if symbol.section != elf.SHN_ABS else 0
                kind = (values.N_SECT if number else values.N_ABS) | scope
                found.append(values.Symbol(title, kind, number, 0, symbol.value))
        found.sort(key=lambda symbol: (symbol.external, symbol.value))
        return tuple(found)

    def _with_room(self, made: Macho) -> Macho:
        """The same, its first segment a page longer where header and commands do not fit before the first section."""
        zero, first, *others = made.segments
        content = min((row.address for row in first.sections), default=first.address)
        lacking = first.address + commands_size(made) - content
        if lacking <= 0:
            return made
        more = rounded(lacking, PAGE)
        if first.address - more < LOWEST:
            what = f"header and commands need {commands_size(made):#x} bytes before {content:#x}"
            hint = f"link it {more:#x} higher: -Ttext-segment={first.address + more:#x}"
            self.bad(what, content, "no-room", hint)
        raise_if(self.faults)
        longer = replace(first, address=first.address - more, memory_size=first.memory_size + more)
        return replace(made, segments=(zero, longer, *others))


def _start(row: elf.Segment) -> int:
    return row.address // PAGE * PAGE


def _end(row: elf.Segment) -> int:
    return rounded(row.address + row.memory_size, PAGE)


def _named(loads: list[elf.Segment]) -> list[tuple[str, elf.Segment]]:
    """The segments with names: the first __TEXT, the first that can be written __DATA, others by their number."""
    names: list[str] = []
    for index, row in enumerate(loads):
        name = "__DATA" if row.flags & elf.PF_W else "__TEXT"
        names.append(name if name not in names else f"{name}{index}")
    return list(zip(names, loads, strict=True))


def _whole(title: str, load: elf.Segment, data: bytes, headers: int) -> list[Section]:
    """A segment of a file that has no sections, or too many, as one or two."""
    content = Section("__data" if load.flags & elf.PF_W else "__text", title, load.address + headers, 0)
    content = replace(content, size=len(data) - headers, data=data[headers:])
    rest = load.memory_size - len(data)
    return [content, Section("__bss", title, load.address + len(data), rest, flags=values.ZEROFILL)]


class _Homes:
    """Sections by their addresses, which are in the order of their numbers."""

    def __init__(self, sections: tuple[Section, ...]) -> None:
        self.ends = [row.end for row in sections]
        self.starts = [row.address for row in sections]

    def of(self, address: int) -> int:
        """The number of the section that an address is in, or at the end of; 0 where there is none."""
        number = bisect_right(self.starts, address)
        return number if number and address <= self.ends[number - 1] else 0
