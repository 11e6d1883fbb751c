"""What differs between a binary and the last good one: sizes by section and symbol, symbols that came and went, makers.

Symbols are compared by their readable names, so that two builds with other hashes can be compared at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portwright.base.demangle import demangle
from portwright.formats import elf as elves
from portwright.formats.elf import Section, Symbol
from portwright.pack.program import Program
from portwright.pack.subject import Case, defined

KINDS = (elves.STT_NOTYPE, elves.STT_OBJECT, elves.STT_FUNC, elves.STT_TLS)


@dataclass(frozen=True, slots=True)
class Change:
    """A property that is not as it was."""

    what: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Growth:
    """Sizes in bytes of one thing, 0 where it was or is not there."""

    name: str
    before: int
    now: int

    @property
    def by(self) -> int:
        """How much it grew (negative: shrank)."""
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs from the good one: the largest rows of each list, and how many there are of new and lost symbols."""

    good: str
    size: Growth
    changes: tuple[Change, ...] = ()
    sections: tuple[Growth, ...] = ()
    symbols: tuple[Growth, ...] = ()
    new: tuple[Growth, ...] = ()
    lost: tuple[Growth, ...] = ()
    new_count: int = 0
    lost_count: int = 0
    new_files: tuple[str, ...] = ()
    lost_files: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs that is compared."""
        parts = (
            self.changes,
            self.sections,
            self.symbols,
            self.new,
            self.lost,
            self.new_files,
            self.lost_files,
        )
        return not self.size.by and not any(parts)


def compare(case: Case, good: Case, most: int) -> Difference:
    """What differs; at most so many rows of each list."""
    size = Growth("file", good.size, case.size)
    if case.reading is None or good.reading is None:
        words = good.known.words if good.known else "unknown", case.known.words if case.known else "unknown"
        changes = () if words[0] == words[1] else (Change("what it is", *words),)
        return Difference(good.name, size, changes)
    before, now = _named(good.reading.symbols), _named(case.reading.symbols)
    grown = _grown(before, now)
    new = [row for row in grown if row.name not in before]
    lost = [row for row in grown if row.name not in now]
    return Difference(
        good=good.name,
        size=size,
        changes=tuple(_changes(good.reading.program, case.reading.program)),
        sections=tuple(_grown(_sizes(good.reading.sections), _sizes(case.reading.sections)))[:most],
        symbols=tuple(row for row in grown if row.name in before and row.name in now)[:most],
        new=tuple(new[:most]),
        lost=tuple(lost[:most]),
        new_count=len(new),
        lost_count=len(lost),
    )


def _named(symbols: Iterable[Symbol]) -> Counter[str]:
    """Bytes by readable name; several instances of one function count together."""
    raw: Counter[str] = Counter()
    for symbol in defined(symbols):
        if symbol.kind in KINDS and not symbol.name.startswith((".L", "$")):
            raw[symbol.name] += symbol.size
    found: Counter[str] = Counter()
    for name, size in raw.items():
        found[demangle(name)] += size
    return found


def _sizes(sections: Iterable[Section]) -> Counter[str]:
    found: Counter[str] = Counter()
    for section in sections:
        if section.name:
            found[section.name] += section.size
    return found


def _grown(before: Mapping[str, int], now: Mapping[str, int]) -> list[Growth]:
    """What changed its size, came or went, the largest change first."""
    names = before.keys() | now.keys()
    rows = [Growth(name, before.get(name, 0), now.get(name, 0)) for name in names]
    rows = [row for row in rows if row.by or (row.name in before) != (row.name in now)]
    return sorted(rows, key=lambda row: (-abs(row.by), row.name))


def _changes(before: Program, now: Program) -> list[Change]:
    was, is_now = _facts(before), _facts(now)
    return [Change(name, was[name], is_now[name]) for name in was if was[name] != is_now[name]]


def _facts(program: Program) -> dict[str, str]:
    tls, entry = program.tls, program.entry
    start = entry.symbol or entry.section or "in no section"
    return {
        "kind": program.kind,
        "machine": f"{program.machine}, {program.bits} bits, {program.endian}-endian",
        "entry": "0x0" if not entry.address else start,
        "interpreter": program.interpreter or "none",
        "needs": ", ".join(program.needed) or "nothing",
        "TLS": f"{tls.memory_size} bytes aligned to {tls.alignment}, {tls.model}" if tls else "none",
        "RELRO": program.relro,
        "stack": program.stack,
        "relocations": ", ".join(f"{count} {name}" for name, count in program.relocations.items()) or "none",
        "stripped": "yes" if program.stripped else "no",
        "debug information": "yes" if program.debug else "no",
        "built by": ", ".join(
            dict.fromkeys(
                f"{maker.tool or maker.text} {maker.version}".strip() for maker in program.provenance.makers
            )
        )
        or "unknown",
        "code generator": program.provenance.backend,
    }
