"""Mach-O files of NeXT's for tests: any that can be written, as hypothesis makes them, and one small program."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as some

from portwright.formats.parts import macho_values as values
from portwright.formats.parts.macho_values import (
    Macho,
    Plain,
    Relocation,
    Scattered,
    Section,
    Segment,
    Symbol,
)

NAMES = some.text("abcdefghijklmnop_ABC.$0123456789é", max_size=24)
SHORT = some.text("abcdefghij_", min_size=1, max_size=16)
LONG = some.integers(0, (1 << 32) - 1)
HALF = some.integers(-(1 << 15), (1 << 15) - 1)


def program(text: bytes = b"\x4e\x71\x4e\x75", at: int = 0x2400) -> Macho:
    """A program of one section, as small as they get."""
    section = Section("__text", "__TEXT", at, len(text), text, 2)
    return Macho(
        values.EXECUTE,
        (
            Segment("__PAGEZERO", 0, values.PAGE, (), 0, 0, values.NO_RELOCATION),
            Segment("__TEXT", values.PAGE, values.PAGE, (section,), 7, 5),
        ),
        (Symbol("__start", values.N_SECT | values.N_EXT, 1, 0, at),),
        (values.starts_at(at),),
        flags=values.NO_UNDEFINED,
    )


@some.composite
def sections(draw: some.DrawFn, first: int, segment: str | None = None) -> tuple[Section, ...]:
    """Sections one behind the other from an address on, the zero-filled last."""
    count = draw(some.integers(0, 4))
    filled = draw(some.integers(0, count))
    found, at = [], first
    for index in range(count):
        alignment = draw(some.integers(0, 5))
        at = -(-at // (1 << alignment)) * (1 << alignment) + draw(some.integers(0, 2)) * (1 << alignment)
        zero = index >= filled
        data = b"" if zero else draw(some.binary(min_size=1, max_size=40))
        size = draw(some.integers(1, 3000)) if zero else len(data)
        home = draw(SHORT) if segment is None else segment
        kind = values.ZEROFILL if zero else draw(some.sampled_from((0, 2, 3, 0x8000_0000)))
        reserved = (draw(LONG), draw(LONG))
        found.append(Section(draw(SHORT), home, at, size, data, alignment, kind, (), reserved))
        at += size
    return tuple(found)


@some.composite
def entries(
    draw: some.DrawFn, section: Section, others: tuple[Section, ...], undefined: int
) -> tuple[Relocation, ...]:
    """Relocations of a section, of every kind; the first `undefined` symbols may be named."""
    if section.zero_filled:
        return ()
    found: list[Relocation] = []
    for _ in range(draw(some.integers(0, 4))):
        length = draw(some.integers(0, 2))
        if section.size < 1 << length:
            continue
        place, relative = draw(some.integers(0, section.size - (1 << length))), draw(some.booleans())
        inside = some.sampled_from(others).flatmap(lambda row: some.integers(row.address, row.end - 1))
        form = draw(some.sampled_from(("external", "section", "scattered", "difference")))
        if form == "external" and undefined:
            found.append(Plain(place, draw(some.integers(0, undefined - 1)), relative, length, True))
        elif form == "scattered":
            found.append(Scattered(place, draw(inside), relative, length))
        elif form == "difference":
            kind = draw(some.sampled_from(values.DIFFERENCES))
            found.append(Scattered(place, draw(inside), relative, length, kind))
            found.append(Scattered(0, draw(inside), draw(some.booleans()), length, values.PAIR))
        else:
            found.append(Plain(place, draw(some.integers(0, len(others))), relative, length, False))
    return tuple(found)


@some.composite
def symbols(draw: some.DrawFn, count: int) -> tuple[tuple[Symbol, ...], int]:
    """(symbols, how many of them are undefined or common and come first)."""
    undefined = draw(some.integers(0, 3))
    found = [Symbol(draw(NAMES), values.N_EXT, 0, draw(HALF), draw(LONG)) for _ in range(undefined)]
    for _ in range(draw(some.integers(0, 4))):
        form = draw(some.sampled_from(("section", "absolute", "alias", "note")))
        scope, value = draw(some.sampled_from((0, values.N_EXT))), draw(LONG)
        if form == "section" and count:
            number = draw(some.integers(1, count))
            found.append(Symbol(draw(NAMES), values.N_SECT | scope, number, draw(HALF), value))
        elif form == "alias":
            found.append(Symbol(draw(NAMES), values.N_INDR | scope, 0, draw(HALF), 0, draw(NAMES)))
        elif form == "note":
            found.append(Symbol(draw(NAMES), draw(some.integers(0x20, 0xFF)) | 0x20, 0, draw(HALF), value))
        else:
            found.append(Symbol(draw(NAMES), values.N_ABS | scope, 0, draw(HALF), value))
    return tuple(found), undefined


@some.composite
def objects(draw: some.DrawFn) -> Macho:
    """Any object."""
    rows = draw(sections(draw(some.sampled_from((0, 0x40)))))
    table, undefined = draw(symbols(len(rows)))
    if rows:
        rows = tuple(replace(row, relocations=draw(entries(row, rows, undefined))) for row in rows)
    end = max((row.end for row in rows), default=0) + draw(some.integers(0, 3))
    note = some.builds(
        values.Note, some.sampled_from((8, 0x1234)), some.binary(max_size=3).map(lambda raw: raw * 4)
    )
    notes = tuple(draw(some.lists(note, max_size=2)))
    return Macho(
        values.OBJECT, (Segment("", 0, end, rows),), table, notes=notes, subtype=draw(some.integers(1, 3))
    )


@some.composite
def programs(draw: some.DrawFn) -> Macho:
    """Any program: code at 0x3000, data in the pages behind, libraries, symbols in a segment or in none."""
    base = program(draw(some.binary(min_size=2, max_size=64)), 0x3000)
    rows = draw(sections(0x4000, "__DATA"))
    size = -(-(max((row.end for row in rows), default=0x4001) - 0x4000) // values.PAGE) * values.PAGE
    table, _ = draw(symbols(1 + len(rows)))
    segments = [*base.segments, Segment("__DATA", 0x4000, size, rows)]
    if draw(some.booleans()):
        segments.append(Segment("__LINKEDIT", 0x4000 + size, values.PAGE, (), 7, 5, values.NO_RELOCATION))
    library = some.builds(values.FixedLibrary, NAMES, LONG, LONG, some.booleans())
    state = some.tuples(some.just(2), some.lists(LONG, max_size=28).map(tuple))
    thread = replace(base.threads[0], states=(*draw(some.lists(state, max_size=1)), *base.threads[0].states))
    libraries = tuple(draw(some.lists(library, max_size=2)))
    return replace(base, segments=tuple(segments), symbols=table, threads=(thread,), libraries=libraries)
