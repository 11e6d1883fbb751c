"""How the tables of two ELF files differ that only speak of other sections: symbols and relocations, by their names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from portwright.formats import elf
from portwright.judge import symbol_names
from portwright.judge.difference import Bounds, Difference, Same
from portwright.judge.elf_side import PEEK, Side
from portwright.judge.same_code import SameTarget

EXAMPLES = 40
RowKey = tuple[int, int, str, int]


def symbol_differences(
    path: str, left: Side, right: Side, table: int, *, fixed: bool, changed: bool
) -> Iterator[Difference]:
    """What differs in one symbol table (SHT_SYMTAB or SHT_DYNSYM)."""
    ours, theirs = list(left.elf.symbols(table)), list(right.elf.symbols(table))
    if ours == theirs:
        return
    section = ".symtab" if table == elf.SHT_SYMTAB else ".dynsym"
    if not ours or not theirs:
        return  # a table that only one side has is a section that only one side has
    a, b = Counter(row.name for row in ours), Counter(row.name for row in theirs)
    yield from _names(path, section, list((a - b).elements()), list((b - a).elements()))
    if a == b and [row.name for row in ours] != [row.name for row in theirs]:
        yield Difference(path, "order", "the same symbols in another order", "symbols", section)
    values: dict[str, list[elf.Symbol]] = defaultdict(list)
    for row in theirs:
        values[row.name].append(row)
    differing = 0
    for row in ours:
        others = values.get(row.name)
        other = others.pop(0) if others else None
        if other is None or _facts(row, fixed) == _facts(other, fixed):
            continue
        differing += 1
        if differing <= EXAMPLES:
            name = symbol_names.readable(row.name)
            same: Same = "" if fixed and a == b and not changed else "follows"
            facts = f"{_said(row)} in A, {_said(other)} in B"
            yield Difference(path, "symbols", facts, "symbols", section, name, same=same)
    if differing > EXAMPLES:
        what = f"{differing - EXAMPLES:,} further symbols have other values"
        yield Difference(path, "symbols", what, "symbols", section, same="" if fixed else "follows")


def _facts(row: elf.Symbol, fixed: bool) -> tuple[int, ...]:
    always = (row.binding, row.kind, row.visibility)
    return (*always, row.value, row.size, row.section) if fixed else always


def _said(row: elf.Symbol) -> str:
    return f"{row.value:#x} ({row.size} bytes, binding {row.binding}, kind {row.kind}, section {row.section})"


def _names(path: str, section: str, ours: list[str], theirs: list[str]) -> Iterator[Difference]:
    """Symbols that only one side has: pairs of one thing under two names, and lone ones."""
    waiting: dict[str, list[str]] = defaultdict(list)
    for name in theirs:
        waiting[symbol_names.key(name)].append(name)
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    lone: list[tuple[str, str]] = []
    for name in ours:
        alike = waiting.get(symbol_names.key(name))
        if alike:
            other = alike.pop(0)
            pairs[symbol_names.unstable(name, other)].append((name, other))
        else:
            lone.append(("A", name))
    lone += [("B", name) for rows in waiting.values() for name in rows]
    for rows in pairs.values():
        one, two = rows[0]
        count = len(rows)
        what = "a symbol has another name" if count == 1 else f"{count:,} symbols have other names"
        yield Difference(
            path, "name", what, "symbols", section, "", None, one.encode(), two.encode(), count=count
        )
    for side, name in lone[:EXAMPLES]:
        what = f"only {side} has this symbol"
        shown = symbol_names.readable(name)
        yield Difference(path, "symbols", what, "symbols", section, shown, same="follows")
    if len(lone) > EXAMPLES:
        what = f"{len(lone) - EXAMPLES:,} further symbols that only one side has"
        yield Difference(path, "symbols", what, "symbols", section, same="follows")


def relocation_differences(
    path: str,
    left: Side,
    right: Side,
    one: int,
    two: int,
    *,
    fixed: bool,
    bounds: Bounds,
    same_target: SameTarget,
) -> Iterator[Difference]:
    """What two sections of relocations differ in, once each entry is read with its symbol's name."""
    a, b = left.sections[one], right.sections[two]
    if a.kind not in (elf.SHT_REL, elf.SHT_RELA):  # RELR: addresses only
        same: Same = "" if fixed else "addresses"
        what = "other places that are moved when it is loaded"
        yield Difference(path, "bytes", what, "relocations", a.name, offset=a.offset, same=same)
        return
    ours, theirs = list(_rows(left, a)), list(_rows(right, b))
    if fixed and not left.relocatable:
        ours, theirs, count = _unmoved(ours, theirs, same_target)
        if count:
            what = f"{count:,} relocations of what moved"
            yield Difference(path, "bytes", what, "relocations", a.name, same="addresses", count=count)
            if not ours and not theirs:
                return
    if not left.relocatable and not fixed:
        yield _moved(path, a, ours, theirs)
        return
    known, others = set(ours), set(theirs)
    lost = [row for row in ours if row not in others]
    new = {row[0]: row for row in theirs if row not in known}
    if not lost and not new:
        named = "the same entries; only the numbers of their symbols differ"
        yield Difference(path, "order", named, "relocations", a.name, same="follows")
        return
    owner = a.info if left.relocatable and a.info < len(left.sections) else None
    for row in lost[: bounds.places]:
        yield _other_target(path, left, right, (a, b), row, new.pop(row[0], None), owner)
    if new:
        what = f"{len(new):,} relocations that only B has"
        more: Same = "follows" if lost else ""
        yield Difference(path, "code", what, "relocations", a.name, count=len(new), same=more)


def _unmoved(
    ours: list[RowKey], theirs: list[RowKey], same_target: SameTarget
) -> tuple[list[RowKey], list[RowKey], int]:
    """What is left of both when the places are taken out that hold the address of the same thing; how many those are."""
    others = {row[0]: row for row in theirs}
    pairs = [
        (row, other)
        for row in ours
        if (other := others.get(row[0])) is not None
        and other != row
        and row[1:3] == other[1:3]
        and not row[2]
        and same_target(row[3], other[3])
    ]
    gone, new = {row for row, _ in pairs}, {row for _, row in pairs}
    return [row for row in ours if row not in gone], [row for row in theirs if row not in new], len(pairs)


def _other_target(
    path: str,
    left: Side,
    right: Side,
    sections: tuple[elf.Section, elf.Section],
    row: RowKey,
    other: RowKey | None,
    owner: int | None,
) -> Difference:
    """A place that refers to something else: by another name, to other data, or really."""
    what = f"refers to {_words(row)}" + (f" in A, {_words(other)} in B" if other else " in A only")
    holder = left.object_at(owner, row[0]) if owner is not None else ""
    place = left.sections[owner].offset + row[0] if owner is not None else row[0]
    section = sections[0].name
    if other is None:
        return Difference(path, "code", what, "relocations", section, holder, place, row[2].encode())
    names = row[2].encode(), other[2].encode()
    if symbol_names.unstable(row[2], other[2]) and row[3] == other[3]:
        return Difference(path, "name", what, "relocations", section, holder, place, *names)
    ends = _pointed(left, row), _pointed(right, other)
    same: Same = "addresses" if ends[0] and ends[0] == ends[1] else ""
    shown = ends if all(ends) else names
    return Difference(path, "code", what, "relocations", section, holder, place, *shown, same=same)


def _moved(path: str, a: elf.Section, ours: list[RowKey], theirs: list[RowKey]) -> Difference:
    """Relocations of linked files whose addresses differ: they must be as many of each kind and symbol."""
    one, two = (Counter((row[1], symbol_names.key(row[2])) for row in rows) for rows in (ours, theirs))
    if one == two:
        what = f"{len(ours):,} relocations of what moved"
        return Difference(path, "bytes", what, "relocations", a.name, same="addresses")
    what = f"{len(ours):,} relocations in A, {len(theirs):,} in B"
    return Difference(path, "bytes", what, "relocations", a.name, same="follows")


def _rows(side: Side, section: elf.Section) -> Iterator[RowKey]:
    """(place, kind, the symbol's name or that of its section, addend) of each entry."""
    linked = section.link
    kind = side.sections[linked].kind if linked < len(side.sections) else elf.SHT_SYMTAB
    symbols = list(side.elf.symbols(kind)) if kind in (elf.SHT_SYMTAB, elf.SHT_DYNSYM) else []
    for place, number, symbol, addend in side.relocations(section):
        row = symbols[symbol] if symbol < len(symbols) else None
        name = row.name if row is not None else ""
        if row is not None and row.kind == elf.STT_SECTION and row.section < len(side.sections):
            name = side.sections[row.section].name
        yield place, number, name, addend


def _words(row: RowKey) -> str:
    name = symbol_names.readable(row[2]) or "nothing"
    return name + (f"{row[3]:+#x}" if row[3] not in (0, -4) else "")


def _pointed(side: Side, row: RowKey) -> bytes:
    """The data that a relocation of an object file points to, where it is named by its section only."""
    if not side.relocatable:
        return b""
    relative = side.elf.machine == 62 and row[1] in (2, 4)  # from the end of its four bytes
    for target in side.sections:
        if target.name == row[2] and target.flags & elf.SHF_ALLOC and not target.flags & elf.SHF_EXECINSTR:
            return side.stretch(target).read(row[3] + (4 if relative else 0), PEEK)
    return b""
