"""What an ELF file is, as a person asks: its kind, entry, needs, TLS, sizes by what they are for, and its makers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from portwright.base.demangle import demangle
from portwright.base.errors import BadInput
from portwright.base.sources import Source
from portwright.formats import elf as elves
from portwright.formats.elf import Elf, Section, Segment, Symbol
from portwright.pack import provenance, relocation
from portwright.pack.provenance import Provenance

T = TypeVar("T")
LONGEST_NAMES = 64 << 20
DYNAMIC_RESOLVER = "__tls_get_addr"


@dataclass(frozen=True, slots=True)
class Tls:
    """The thread-local segment; `model` is how code reaches it, as far as relocations tell."""

    address: int
    file_size: int
    memory_size: int
    alignment: int
    model: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a program starts, and what lies there."""

    address: int
    segment: int | None
    executable: bool
    section: str | None
    symbol: str | None


@dataclass(frozen=True, slots=True)
class Program:
    """An ELF file in a person's words. `sizes` by what bytes are for (`code`, `constants`, `data`, `zeros`,
    `debug`, `symbols`, `other`); `strippable` is what stripping saves; `relocations` by what they mean."""

    bits: int
    endian: str
    machine: str
    kind: str
    runs: bool
    entry: Entry
    interpreter: str | None = None
    needed: tuple[str, ...] = ()
    soname: str | None = None
    tls: Tls | None = None
    relro: str = "none"
    stack: str = "unsaid"
    build_id: str | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    code: int = 0
    stripped: bool = True
    debug: bool = False
    strippable: int = 0
    relocations: Mapping[str, int] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)


class Reading:
    """One ELF file being read; whatever is broken in it goes to `problems`, and the rest is read all the same."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.elf: Elf = elves.open_source(source)
        self.problems: list[str] = []

    def tried(self, read: Callable[[], T], otherwise: T) -> T:
        """What `read` gives, or `otherwise` where the file is broken there."""
        try:
            return read()
        except BadInput as error:
            self.problems += [fault.what for fault in error.faults if fault.what not in self.problems]
            return otherwise

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The sections, none where their table cannot be read."""
        return self.tried(lambda: self.elf.sections, ())

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbol table, empty where there is none or it cannot be read."""
        return self.tried(lambda: tuple(self.elf.symbols()) if self.sections else (), ())

    @cached_property
    def dynamic_symbols(self) -> tuple[Symbol, ...]:
        """The dynamic symbols."""
        return self.tried(lambda: tuple(self.elf.symbols(elves.SHT_DYNSYM)) if self.sections else (), ())

    @cached_property
    def dynamic(self) -> list[tuple[int, int]]:
        """The dynamic table."""
        return self.tried(self.elf.dynamic, [])

    @cached_property
    def program(self) -> Program:
        """The file in a person's words."""
        elf, tags = self.elf, dict(self.dynamic)
        names = self.tried(lambda: self._names(tags), b"")
        kinds = self.tried(elf.relocation_kinds, dict[int, int]())
        counts = relocation.counted(elf.machine, kinds)
        packed = self.tried(lambda: sum(1 for _ in elf.relative_places()), 0)
        if packed:
            counts["relative"] = counts.get("relative", 0) + packed
        interpreter = self.tried(self._interpreter, None)
        soname = _text(names, tags[elves.DT_SONAME]) if elves.DT_SONAME in tags else None
        kind, runs = self._kind(interpreter, soname, tags)
        sizes = self._sizes()
        return Program(
            bits=elf.bits,
            endian=elf.endian,
            machine=elves.MACHINES.get(elf.machine, f"machine {elf.machine}"),
            kind=kind,
            runs=runs,
            entry=self._entry(),
            interpreter=interpreter,
            needed=tuple(_text(names, value) for tag, value in self.dynamic if tag == elves.DT_NEEDED),
            soname=soname,
            tls=self._tls(counts),
            relro=self._relro(tags),
            stack=self._stack(),
            build_id=self.tried(self._build_id, None),
            sizes=sizes,
            code=sizes.get("code", 0),
            stripped=not any(section.kind == elves.SHT_SYMTAB for section in self.sections),
            debug=any(section.name.startswith((".debug_", ".zdebug_")) for section in self.sections),
            strippable=_strippable(self.sections),
            relocations=counts,
            provenance=self.tried(lambda: self._provenance(), Provenance()),
        )

    def _provenance(self) -> Provenance:
        return provenance.of_elf(self.elf, self.source, self.problems) if self.sections else Provenance()

    def _kind(self, interpreter: str | None, soname: str | None, tags: Mapping[int, int]) -> tuple[str, bool]:
        """(what it is, whether it is a program to be started)."""
        kind = self.elf.kind
        if kind == elves.ET_EXEC:
            return ("dynamic executable" if interpreter else "static executable"), True
        if kind != elves.ET_DYN:
            return {elves.ET_REL: "object", elves.ET_CORE: "core"}.get(kind, f"type {kind}"), False
        if interpreter:
            return "dynamic PIE", True
        pie = tags.get(elves.DT_FLAGS_1, 0) & elves.DF_1_PIE
        if pie or (soname is None and not self._exports()):
            return "static PIE", True
        return "shared library", False

    def _exports(self) -> bool:
        return any(symbol.section and symbol.name for symbol in self.dynamic_symbols)

    def _entry(self) -> Entry:
        entry = self.elf.entry
        home = segment_at(self.elf, entry)
        in_section = next(
            (
                s.name
                for s in self.sections
                if s.flags & elves.SHF_ALLOC and s.address <= entry < s.address + s.size
            ),
            None,
        )
        names = [s for s in self.symbols if s.value == entry and s.section and s.kind in (0, 2) and s.name]
        best = max(names, key=lambda s: (s.kind, s.binding, s.name), default=None)
        executable = bool(home and home.flags & elves.PF_X)
        section = in_section if home else None
        return Entry(
            *(entry, home.address if home else None, executable, section),
            demangle(best.name) if best and home else None,
        )

    def _interpreter(self) -> str | None:
        segment = self.elf.segment(elves.PT_INTERP)
        if segment is None:
            return None
        data = self.elf.bytes_at(segment.offset, min(segment.file_size, 4096), "the interpreter's name")
        return data.split(b"\0")[0].decode("utf-8", "replace")

    def _names(self, tags: Mapping[int, int]) -> bytes:
        """The dynamic table's names."""
        size = min(tags.get(elves.DT_STRSZ, 0), LONGEST_NAMES)
        return (
            self.elf.at_address(tags[elves.DT_STRTAB], size, "the dynamic names")
            if size and elves.DT_STRTAB in tags
            else b""
        )

    def _tls(self, counts: Mapping[str, int]) -> Tls | None:
        segment = self.elf.segment(elves.PT_TLS)
        if segment is None:
            return None
        called = any(symbol.name == DYNAMIC_RESOLVER for symbol in self.dynamic_symbols)
        model = "general-dynamic" if called or counts.get("tls-general") else "local-exec"
        if model == "local-exec" and counts.get("tls-initial"):
            model = "initial-exec"
        return Tls(segment.address, segment.file_size, segment.memory_size, segment.alignment, model)

    def _relro(self, tags: Mapping[int, int]) -> str:
        if self.elf.segment(elves.PT_GNU_RELRO) is None:
            return "none"
        now = elves.DT_BIND_NOW in tags or tags.get(elves.DT_FLAGS, 0) & elves.DF_BIND_NOW
        return "full" if now or tags.get(elves.DT_FLAGS_1, 0) & elves.DF_1_NOW else "partial"

    def _stack(self) -> str:
        segment = self.elf.segment(elves.PT_GNU_STACK)
        if segment is None:
            return "unsaid"
        return "executable" if segment.flags & elves.PF_X else "not executable"

    def _build_id(self) -> str | None:
        for segment in self.elf.segments:
            if segment.kind == elves.PT_NOTE:
                data = self.elf.bytes_at(segment.offset, min(segment.file_size, 65536), "a note")
                found = _gnu_build_id(data, self.elf)
                if found:
                    return found
        return None

    def _sizes(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for section in self.sections:
            if section.kind:
                purpose = _purpose(section)
                found[purpose] = found.get(purpose, 0) + section.size
        if not self.sections:
            for segment in self.elf.loads:
                purpose = _segment_purpose(segment)
                found[purpose] = found.get(purpose, 0) + segment.file_size
                zeros = max(segment.memory_size - segment.file_size, 0)
                found["zeros"] = found.get("zeros", 0) + zeros
        return dict(sorted(found.items()))


def segment_at(elf: Elf, address: int) -> Segment | None:
    """The loaded segment that an address lies in."""
    return next((s for s in elf.loads if s.address <= address < s.address + s.memory_size), None)


def _segment_purpose(segment: Segment) -> str:
    if segment.flags & elves.PF_X:
        return "code"
    return "data" if segment.flags & elves.PF_W else "constants"


def _purpose(section: Section) -> str:
    if section.flags & elves.SHF_ALLOC:
        if section.kind == elves.SHT_NOBITS:
            return "zeros"
        if section.flags & elves.SHF_EXECINSTR:
            return "code"
        return "data" if section.flags & elves.SHF_WRITE else "constants"
    if section.name.startswith((".debug_", ".zdebug_")):
        return "debug"
    symbols = section.kind == elves.SHT_SYMTAB or section.name == ".strtab"
    return "symbols" if symbols else "other"


def _strippable(sections: tuple[Section, ...]) -> int:
    """The bytes that `strip` takes away: debug information, symbols and their names."""
    return sum(
        section.size
        for section in sections
        if section.kind != elves.SHT_NOBITS and _purpose(section) in ("debug", "symbols")
    )


def _text(names: bytes, place: int) -> str:
    return (
        names[place : names.find(b"\0", place)].decode("utf-8", "replace") if 0 <= place < len(names) else "?"
    )


def _gnu_build_id(data: bytes, elf: Elf) -> str | None:
    at = 0
    while at + 12 <= len(data):
        name_size, size, kind = (
            int.from_bytes(data[at + 4 * i : at + 4 * i + 4], elf.endian) for i in range(3)
        )
        content = at + 12 + (name_size + 3 & ~3)
        if kind == 3 and data[at + 12 : at + 16] == b"GNU\0" and size <= 64:
            return data[content : content + size].hex()
        at = content + (size + 3 & ~3)
    return None
