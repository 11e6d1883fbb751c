"""What is wrong with a Mach-O file of NeXT's as values: what its linker, its kernel or its reader would refuse."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from itertools import pairwise

from portwright.base.errors import Fault, Where
from portwright.formats.parts.macho_values import (
    DIFFERENCES,
    EXECUTE,
    FARTHEST,
    LC_DYSYMTAB,
    LC_SYMSEG,
    N_INDR,
    N_SECT,
    N_UNDF,
    OBJECT,
    PAGE,
    PAIR,
    VANILLA,
    Macho,
    Plain,
    Relocation,
    Scattered,
    Section,
    Segment,
)

MOST_SECTIONS = 255
NAME = 16


def check(macho: Macho, name: str) -> list[Fault]:
    """Every fault of a file that is called `name`."""
    found = [*_segments(macho), *_symbols(macho), *_threads(macho)]
    ground = _Ground(macho)
    for number, section in enumerate(ground.sections, 1):
        found += _section(section, number)
        if len(ground.sections) <= MOST_SECTIONS:
            found += _relocations(ground, section)
    found += _notes(macho)
    return [
        Fault(what, Where(name, address=at), hint or None, f"macho/{code}") for what, at, hint, code in found
    ]


Row = tuple[str, int | None, str, str]


class _Ground:
    """What relocations refer to, found quickly."""

    def __init__(self, macho: Macho) -> None:
        self.sections, self.symbols = macho.sections, macho.symbols
        self.filled = sorted((row.address, row.end) for row in self.sections if row.size)
        self.last = max((row.end for row in self.sections), default=0)

    def holds(self, address: int) -> bool:
        """Whether an address lies in a section."""
        index = bisect.bisect_right(self.filled, (address, 1 << 33)) - 1
        return index >= 0 and address < self.filled[index][1]


def _title(section: Section) -> str:
    return f"({section.segment},{section.name})"


def _segments(macho: Macho) -> Iterator[Row]:
    if macho.kind == OBJECT and len(macho.segments) > 1:
        yield (
            f"an object with {len(macho.segments)} segments",
            None,
            "an object has one, without a name",
            "segments",
        )
    if len(macho.sections) > MOST_SECTIONS:
        what = f"{len(macho.sections)} sections; symbols can number {MOST_SECTIONS}"
        yield what, None, "join sections of the same kind", "many-sections"
    for segment in macho.segments:
        yield from _segment(macho, segment)
    rows = sorted((row for row in macho.segments if row.memory_size), key=lambda row: row.address)
    for left, right in pairwise(rows):
        if left.address + left.memory_size > right.address:
            what = f"segments {left.name} and {right.name} overlap"
            yield what, right.address, "link them to pages of their own: pages are 8192 bytes", "overlap"


def _segment(macho: Macho, segment: Segment) -> Iterator[Row]:
    if not _named(segment.name):
        yield f"the name {segment.name!r} is longer than 16 bytes", segment.address, "", "name"
    if segment.address + segment.memory_size > 1 << 32:
        yield f"segment {segment.name} reaches beyond 4 GiB", segment.address, "", "range"
    if macho.kind == EXECUTE and (segment.address % PAGE or segment.memory_size % PAGE):
        what = f"segment {segment.name} is at {segment.address:#x}, {segment.memory_size:#x} bytes: no whole pages"
        yield what, segment.address, "NeXT's pages are 8192 bytes", "page"
    end, filled = segment.address, False
    for section in sorted(segment.sections, key=lambda row: row.address):
        if section.address < end:
            yield f"{_title(section)} overlaps what is before it", section.address, "", "overlap"
        if section.size and filled and not section.zero_filled:
            what = f"{_title(section)} is behind a zero-filled section"
            yield what, section.address, "zero-filled sections come last in their segment", "zero-fill"
        end, filled = max(end, section.end), filled or (section.zero_filled and section.size > 0)
    if end > segment.address + segment.memory_size:
        what = f"the sections of segment {segment.name or '(no name)'} end at {end:#x}, behind its own end"
        yield what, segment.address, "", "outside"


def _named(name: str) -> bool:
    return len(name.encode("utf-8", "surrogateescape")) <= NAME and "\0" not in name


def _section(section: Section, number: int) -> Iterator[Row]:
    if not (_named(section.name) and _named(section.segment)):
        yield f"section {number}: a name longer than 16 bytes: {_title(section)}", section.address, "", "name"
    if section.alignment > 15:
        yield (
            f"{_title(section)} is aligned to 2^{section.alignment}",
            section.address,
            "at most 2^15",
            "alignment",
        )
    elif section.address % (1 << section.alignment):
        what = f"{_title(section)} is at {section.address:#x}, and aligned to {1 << section.alignment}"
        yield what, section.address, "", "alignment"
    held = 0 if section.zero_filled else section.size
    if len(section.data) != held:
        yield (
            f"{_title(section)} holds {len(section.data)} bytes instead of {held}",
            section.address,
            "",
            "size",
        )


def _symbols(macho: Macho) -> Iterator[Row]:
    count = len(macho.sections)
    for symbol in macho.symbols:
        if "\0" in symbol.name + symbol.alias:
            yield f"a symbol's name holds a zero byte: {symbol.name!r}", None, "", "name"
        if symbol.debugging:
            continue
        if symbol.place not in (N_UNDF, 2, N_INDR, N_SECT):
            yield (
                f"symbol {symbol.name} has an unknown type ({symbol.kind:#x})",
                symbol.value,
                "",
                "symbol-type",
            )
        if symbol.place == N_SECT and not 1 <= symbol.section <= count:
            what = f"symbol {symbol.name} is in no section: it says number {symbol.section} of {count}"
            yield what, symbol.value, "define it in a section, or make it absolute", "no-section"
        elif symbol.place == N_UNDF and symbol.section:
            what = f"symbol {symbol.name} is undefined and yet in section {symbol.section}"
            yield what, symbol.value, "", "no-section"
        elif symbol.place == N_UNDF and not symbol.external:
            yield f"symbol {symbol.name} is undefined and local", symbol.value, "", "symbol-type"


def _threads(macho: Macho) -> Iterator[Row]:
    if macho.kind != EXECUTE:
        return
    if not macho.threads:
        hint = "without LC_UNIXTHREAD the kernel does not start it"
        yield "the program has no thread to start", None, hint, "no-thread"
        return
    entry = macho.entry
    homes = [
        row for row in macho.segments if entry is not None and 0 <= entry - row.address < row.memory_size
    ]
    if entry is None or not any(row.initial & 4 for row in homes):
        at = "nowhere" if entry is None else f"at {entry:#x}, where no code is"
        yield f"the program begins {at}", entry, "define the start symbol, and name it to the linker", "entry"


def _notes(macho: Macho) -> Iterator[Row]:
    for note in macho.notes:
        if note.kind in (LC_SYMSEG, LC_DYSYMTAB):
            what = f"load command {note.kind} names places of the file, and is not known here"
            yield what, None, "make the file without it", "command"
        elif len(note.data) % 4:
            yield f"load command {note.kind} has no whole number of words", None, "", "command"


def _relocations(ground: _Ground, section: Section) -> Iterator[Row]:
    """The entries of one section, pairs included; addresses are those that they mend."""
    before: Relocation | None = None
    for entry in section.relocations:
        at = section.address + entry.address
        title = f"relocation at {entry.address:#x} of {_title(section)}"
        needs = before is not None and before.kind in DIFFERENCES
        if needs and entry.kind != PAIR:
            yield f"{title}: the difference before it has no PAIR behind it", at, "", "pair"
        if entry.kind == PAIR:
            if not needs:
                yield f"{title}: a PAIR that belongs to nothing", at, "", "pair"
            elif isinstance(entry, Plain):
                yield f"{title}: a PAIR that is not scattered", at, "", "pair"
        elif entry.kind not in (VANILLA, *DIFFERENCES):
            yield f"{title}: type {entry.kind} is not one of this CPU's", at, "", "relocation-type"
        elif entry.length == 3 or entry.address + (1 << entry.length) > section.size or section.zero_filled:
            what = f"{title}: {1 << entry.length} bytes do not lie in the section's {section.size:#x}"
            yield what, at, "", "outside"
        yield from _target(ground, entry, title, at, first=entry.kind != PAIR)
        before = entry
    if before is not None and before.kind in DIFFERENCES:
        yield f"{_title(section)}: the last relocation lacks its PAIR", section.address, "", "pair"


def _target(ground: _Ground, entry: Relocation, title: str, at: int, *, first: bool) -> Iterator[Row]:
    if isinstance(entry, Scattered):
        if entry.address > FARTHEST:
            hint = "a scattered entry has 24 bits for its place: make the section smaller than 16 MiB"
            yield f"{title}: too far into its section", at, hint, "far"
        if not ground.holds(entry.value) and not (first and entry.value == ground.last):
            yield f"{title}: what it refers to, {entry.value:#x}, is in no section", at, "", "no-section"
        return
    if entry.address >= 1 << 31:
        yield f"{title}: the place is beyond 2 GiB", at, "", "far"
    if entry.kind in DIFFERENCES:
        yield f"{title}: a difference that is not scattered", at, "", "pair"
    elif entry.external:
        if entry.number >= len(ground.symbols):
            yield f"{title}: symbol {entry.number} of {len(ground.symbols)}", at, "", "symbol"
        elif ground.symbols[entry.number].place not in (N_UNDF, N_INDR):
            what = f"{title}: symbol {ground.symbols[entry.number].name} is defined here"
            yield what, at, "refer to its section: by symbol only what is undefined is reached", "symbol"
    elif entry.number > len(ground.sections):
        yield f"{title}: section {entry.number} of {len(ground.sections)}", at, "", "no-section"
