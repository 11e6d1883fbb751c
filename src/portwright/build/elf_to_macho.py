"""Makes of an ELF object for m68k a Mach-O object for NeXT: sections joined by kind, names with `_`, relocations.

ELF's weak definitions become ordinary ones, since there are no others. What has no counterpart is an error: global
offset tables, thread-locals, constructors, weak references.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from portwright.base.errors import Fault, Where, raise_if
from portwright.build import elf_m68k as m68k
from portwright.build.macho_mends import Ground, Target, mended
from portwright.formats import elf, macho
from portwright.formats.elf import Elf, Symbol
from portwright.formats.parts import macho_values as values
from portwright.formats.parts.macho_values import Macho

CONSTRUCTORS = (14, 15, 16)
NOP = b"\x4e\x71"
KINDS = (
    ("__TEXT", "__text"),
    ("__TEXT", "__const"),
    ("__TEXT", "__eh_frame"),
    ("__DATA", "__data"),
    ("__DATA", "__bss"),
)


@dataclass(slots=True)
class Joined:
    """A section of the Mach-O object in the making; `parts` are ELF sections: number -> place in it."""

    segment: str
    name: str
    data: bytearray = field(default_factory=bytearray)
    size: int = 0
    alignment: int = 1
    parts: dict[int, int] = field(default_factory=dict)
    address: int = 0
    number: int = 0

    def add(self, index: int, section: elf.Section, data: bytes) -> None:
        """Append an ELF section."""
        unit = max(section.alignment, 1)
        start = -(-self.size // unit) * unit
        if self.name != "__bss":
            gap = start - self.size
            self.data += NOP * (gap // 2) if self.name == "__text" and gap % 2 == 0 else bytes(gap)
            self.data += data
        self.parts[index] = start
        self.size = start + section.size
        self.alignment = max(self.alignment, unit)


def convert(data: bytes, name: str = "ELF object", subtype: int = 1) -> bytes:
    """The Mach-O object; raises `BadInput` with everything that keeps it from being one."""
    return macho.write(Conversion(m68k.opened(data, name, elf.ET_REL), name, subtype).made(), name)


class Conversion:
    """One object on its way."""

    def __init__(self, file: Elf, name: str, subtype: int) -> None:
        self.file, self.name, self.subtype = file, name, subtype
        self.faults: list[Fault] = []
        self.symbols, self.tables = list(file.symbols()), m68k.tables(file)
        self.refused: set[int] = set()
        self.joined = self._sections()
        self.home = {index: row for row in self.joined for index in row.parts}
        self.places: dict[int, int] = {}
        self.table = self._symbols()

    def bad(self, what: str, at: int | None, code: str, hint: str | None = None) -> None:
        """Remember a fault."""
        self.faults.append(Fault(what, Where(self.name, address=at), hint, f"macho/{code}"))

    def _sections(self) -> list[Joined]:
        """ELF's sections that are loaded, joined by kind and given addresses."""
        rows = {pair: Joined(*pair) for pair in KINDS}
        for index, section in enumerate(self.file.sections):
            if not section.flags & elf.SHF_ALLOC:
                continue
            told = len(self.faults)
            if self._refused(section):
                self.refused |= {index} if len(self.faults) > told else set()
            else:
                rows[_kind(section)].add(index, section, self.file.section_bytes(section))
        found = [row for row in rows.values() if row.size or (row.parts and row.name == "__text")]
        at = 0
        for number, row in enumerate(found, 1):
            row.address = at = -(-at // row.alignment) * row.alignment
            row.number = number
            at += row.size
        return found

    def _refused(self, section: elf.Section) -> bool:
        if section.flags & elf.SHF_TLS and section.size:
            hint = "NeXT has no thread-local sections: build without `#[thread_local]` (`has-thread-local = false`)"
            self.bad(f"section {section.name} holds thread-locals", section.offset, "thread-local", hint)
            return True
        if section.kind in CONSTRUCTORS and section.size:
            hint = "nothing runs it on NeXT: call it from the program's start"
            self.bad(
                f"section {section.name} holds code to run at start or end",
                section.offset,
                "constructors",
                hint,
            )
            return True
        if section.alignment > 1 << 15 or section.alignment & (section.alignment - 1):
            what = f"section {section.name} is aligned to {section.alignment}"
            self.bad(what, section.offset, "alignment", "NeXT aligns to powers of two up to 32768")
            return True
        if section.kind == elf.SHT_NOBITS and section.size > 1 << 31:
            self.bad(f"section {section.name} is larger than 2 GiB", section.offset, "size")
            return True
        return section.kind == elf.SHT_NOTE or (not section.size and not section.flags & elf.SHF_EXECINSTR)

    def _symbols(self) -> list[values.Symbol]:
        """The symbol table: local ones, then defined, then undefined; `places` says where each ELF symbol went."""
        rows = [
            (order, index, made)
            for index, symbol in enumerate(self.symbols)
            if index
            for order, made in self._symbol(symbol)
        ]
        rows.sort(key=lambda row: row[0])
        self.places = {index: place for place, (_, index, _) in enumerate(rows)}
        return [made for _, _, made in rows]

    def _symbol(self, symbol: Symbol) -> Iterator[tuple[int, values.Symbol]]:
        scope, title = m68k.scope(symbol), m68k.underscored(symbol)
        if symbol.section == elf.SHN_UNDEF:
            if symbol.binding == m68k.WEAK:
                hint = "NeXT's linker has no weak references: define it, or do without"
                self.bad(f"{symbol.name} is a weak reference", symbol.value, "weak", hint)
            elif not symbol.name:
                self.bad("an undefined symbol without a name", None, "no-section")
            else:
                yield 2, values.Symbol(title, values.N_UNDF | values.N_EXT)
        elif symbol.section == elf.SHN_COMMON:
            yield 2, values.Symbol(title, values.N_UNDF | values.N_EXT, value=max(symbol.size, 1))
        elif symbol.section in self.refused or (not m68k.kept(symbol) and not scope):
            return
        elif symbol.section == elf.SHN_ABS:
            yield (1 if scope else 0), values.Symbol(title, values.N_ABS | scope, value=symbol.value)
        elif symbol.section in self.home:
            row = self.home[symbol.section]
            value = row.address + row.parts[symbol.section] + symbol.value
            yield (
                (1 if scope else 0),
                values.Symbol(title, values.N_SECT | scope, row.number, 0, value & 0xFFFF_FFFF),
            )
        elif scope or symbol.section >= len(self.file.sections):
            hint = "define it in a section that is loaded"
            what = f"{symbol.name} is in no section that is there (number {symbol.section})"
            self.bad(what, symbol.value, "no-section", hint)

    def target(self, number: int) -> Target | str:
        """Where an ELF symbol is in the Mach-O object, or why it is nowhere (nothing where that has been told)."""
        if number == 0:
            return Target(0, absolute=True)
        if number >= len(self.symbols):
            return f"it names symbol {number} of {len(self.symbols)}"
        symbol = self.symbols[number]
        if symbol.section == elf.SHN_ABS:
            return Target(symbol.value, absolute=True)
        if symbol.section in (elf.SHN_UNDEF, elf.SHN_COMMON):
            place = self.places.get(number)
            return "" if place is None else Target(0, symbol=place)
        row = self.home.get(symbol.section)
        if symbol.section in self.refused:
            return ""
        if row is None:
            inside = 0 < symbol.section < len(self.file.sections)
            title = self.file.sections[symbol.section].name if inside else f"number {symbol.section}"
            return f"it refers to {symbol.name or 'something'} in section {title}, which is not carried over"
        return Target(row.address + row.parts[symbol.section] + symbol.value, section=row.number)

    def made(self) -> Macho:
        """The object's values; raises `BadInput`."""
        ground = Ground([(row.address, row.address + row.size) for row in self.joined])
        sections = tuple(self._section(row, ground) for row in self.joined)
        raise_if(self.faults)
        end = max((row.end for row in sections), default=0)
        segment = values.Segment("", 0, end, sections)
        return Macho(values.OBJECT, (segment,), tuple(self.table), subtype=self.subtype)

    def _section(self, row: Joined, ground: Ground) -> values.Section:
        entries: list[tuple[int, tuple[values.Relocation, ...]]] = []
        for index, start in row.parts.items():
            section = self.file.sections[index]
            for mend in (
                mend for table in self.tables.get(index, ()) for mend in m68k.mends(self.file, table)
            ):
                title = f"relocation at {mend.place:#x} of {section.name}"
                target = self.target(mend.symbol)
                if mend.kind == 0 or target == "":
                    continue
                if isinstance(target, str):
                    self.bad(f"{title}: {target}", section.offset + mend.place, "no-section")
                    continue
                result = mended(ground, row, start + mend.place, mend, target)
                if isinstance(result, tuple):
                    entries.append((start + mend.place, result))
                else:
                    self.bad(f"{title}: {result.what}", section.offset + mend.place, result.code, result.hint)
        entries.sort(key=lambda pair: -pair[0])
        bss = row.name == "__bss"
        return values.Section(
            row.name,
            row.segment,
            row.address,
            row.size,
            b"" if bss else bytes(row.data),
            row.alignment.bit_length() - 1,
            values.ZEROFILL if bss else values.REGULAR,
            tuple(entry for _, some in entries for entry in some),
        )


def _kind(section: elf.Section) -> tuple[str, str]:
    """The segment and section that an ELF section goes to."""
    if section.flags & elf.SHF_EXECINSTR:
        return KINDS[0]
    if section.kind == elf.SHT_NOBITS:
        return KINDS[4]
    if section.flags & elf.SHF_WRITE:
        return KINDS[3]
    return KINDS[2] if section.name == ".eh_frame" else KINDS[1]
