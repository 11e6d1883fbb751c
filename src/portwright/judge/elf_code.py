"""Which functions of two code sections differ, and whether in more than addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from portwright.formats import elf
from portwright.judge import data_pair, symbol_names
from portwright.judge.bytewise import Region, Stretch, counterpart, differing
from portwright.judge.difference import Bounds, Difference
from portwright.judge.elf_side import Function, Side, part_of
from portwright.judge.same_code import Compared, compare, engine

ALIKE, HALF, NEAR, MOST_TABLE = 16, 8, 64, 4096
PAIR = tuple[Function, Function]


@dataclass(slots=True)
class _Counts:
    moved: int = 0
    differing: int = 0
    unread: int = 0


class CodePair:
    """Two ELF files as far as code is concerned; `fixed`: every section that is loaded lies at the same address.

    `changed` are the numbers of the sections of data in which things may have moved nevertheless.
    """

    def __init__(self, path: str, left: Side, right: Side, fixed: bool, bounds: Bounds) -> None:
        self.path, self.left, self.right, self.fixed, self.bounds = path, left, right, fixed, bounds
        self._engine = engine(left.elf.machine, left.elf.endian, left.elf.bits)
        self._absolute = left.elf.kind == elf.ET_EXEC
        self.changed: set[int | None] = set()
        self.tables: dict[tuple[int, int], tuple[int, int]] = {}
        self._regions: dict[tuple[int, int], list[Region] | None] = {}

    def differences(self, one: int, two: int) -> Iterator[Difference]:
        """What differs in two sections of code, by their numbers; they are known not to be the same."""
        left, right = self.left.sections[one], self.right.sections[two]
        a, b = self.left.stretch(left), self.right.stretch(right)
        if left.size == right.size and left.address == right.address:
            places, whole = differing(a, b, self.bounds.places)
            if whole and self._same_functions(one, two):
                yield from self._at_places(one, two, places)
                return
        yield from self._by_name(one, two)

    def _same_functions(self, one: int, two: int) -> bool:
        """Whether both have the same functions at the same places, but for hashes in their names."""
        if self.left.symbols is self.right.symbols:
            return True
        ours, theirs = self.left.functions(one), self.right.functions(two)
        return len(ours) == len(theirs) and all(
            mine.start == other.start
            and (mine.name == other.name or symbol_names.key(mine.name) == symbol_names.key(other.name))
            for mine, other in zip(ours, theirs, strict=True)
        )

    def _at_places(self, one: int, two: int, places: list[tuple[int, int]]) -> Iterator[Difference]:
        """Sections of one layout: the functions in which differing bytes lie."""
        known = self.left.functions(one)
        theirs = {function.start: function for function in self.right.functions(two)}
        pairs: dict[int, PAIR] = {}
        outside: list[tuple[int, int]] = []
        for start, end in places:
            function = _holding(known, start)
            if function is None:
                outside.append((start, end))
                continue
            other = theirs.get(function.start, function)
            pairs[function.start] = (function, replace(other, size=max(function.size, other.size)))
        frames = self.left.unnamed(one) if outside else []
        for start, end in outside:
            function = _holding(frames, start)
            if function is not None:
                pairs[function.start] = (function, function)
            else:
                yield self._unnamed(one, two, start, end)
        yield from self._judged(one, two, list(pairs.values()))

    def _unnamed(self, one: int, two: int, start: int, end: int) -> Difference:
        """Differing code that is in no function that any table knows."""
        a, b = (
            side.stretch(side.sections[index]).read(start - 8, end - start + 24)
            for side, index in ((self.left, one), (self.right, two))
        )
        section = self.left.sections[one]
        near = self.left.before(section.address + start)
        what = "code that is in no function of the symbol table differs" + (
            f" (after {near})" if near else ""
        )
        size = end - start
        return Difference(
            self.path, "code", f"{what}: {size} bytes", "code", section.name, "", start, a[:200], b[:200]
        )

    def _by_name(self, one: int, two: int) -> Iterator[Difference]:
        """Sections of different layouts: functions paired by their names, hashes left out."""
        ours, theirs = self.left.functions(one), self.right.functions(two)
        if not ours and not theirs:
            ours, theirs = self.left.unnamed(one), self.right.unnamed(two)
            if not ours and self.left.sections[one].size == self.right.sections[two].size:
                size = self.left.sections[one].size
                ours = theirs = [Function(self.left.sections[one].name, 0, size)]
            elif not ours or len(ours) != len(theirs):
                yield self._no_functions(one, two)
                return
        pairs, lost, new = paired(ours, theirs)
        section = self.left.sections[one].name
        for side, rows in (("A", lost), ("B", new)):
            for function in rows[: self.bounds.shown]:
                name = symbol_names.readable(function.name)
                what = f"only {side} has this function ({function.size:,} bytes)"
                yield Difference(self.path, "missing", what, "code", section, name)
            if len(rows) > self.bounds.shown:
                count = len(rows) - self.bounds.shown
                what = f"only {side} has {count:,} further functions"
                yield Difference(self.path, "missing", what, "code", section, count=count)
        yield from self._judged(one, two, pairs)

    def _no_functions(self, one: int, two: int) -> Difference:
        a, b = self.left.sections[one], self.right.sections[two]
        sizes = f"{a.size:,} and {b.size:,} bytes" if a.size != b.size else f"{a.size:,} bytes"
        what = f"code differs ({sizes}), and no table says where its functions are"
        return Difference(self.path, "code", what, "code", a.name)

    def _judged(self, one: int, two: int, pairs: list[PAIR]) -> Iterator[Difference]:
        """A difference for each function that is other code, and one for all that only moved."""
        section, counts = self.left.sections[one], _Counts()
        for mine, other in pairs:
            found = self._compared(one, two, mine, other, counts)
            if found is None:
                continue
            if found.answer in ("same", "addresses"):
                counts.moved += 1
                continue
            counts.differing += 1
            if counts.differing <= self.bounds.shown:
                yield self._difference(one, mine, other, found)
        if counts.moved:
            what = f"{counts.moved:,} functions are the same code but for the addresses in it"
            yield Difference(
                self.path, "code", what, "code", section.name, same="addresses", count=counts.moved
            )
        more = counts.differing - self.bounds.shown
        if more > 0:
            self.bounds.reached(f"only {self.bounds.shown} differing functions of a section are shown")
            yield Difference(
                self.path, "code", f"{more:,} further functions differ", "code", section.name, count=more
            )
        if counts.unread:
            self.bounds.reached("not every function that differs in bytes was disassembled")
            what = (
                f"{counts.unread:,} functions differ in bytes and were not disassembled: the bound is reached"
            )
            yield Difference(self.path, "code", what, "code", section.name, count=counts.unread)

    def _compared(
        self, one: int, two: int, mine: Function, other: Function, counts: _Counts
    ) -> Compared | None:
        left, right = self.left.sections[one], self.right.sections[two]
        a = self.left.stretch(left).read(mine.start, mine.size)
        b = self.right.stretch(right).read(other.start, other.size)
        base = (0, 0) if self.left.relocatable else (left.address, right.address)
        at = base[0] + mine.start, base[1] + other.start
        if a == b and (at[0] == at[1] or self.left.relocatable):
            return None
        if self.bounds.functions <= 0 or self.bounds.code < len(a):
            counts.unread += a != b
            return None
        self.bounds.functions -= 1
        self.bounds.code -= len(a)
        return compare(
            self.left.elf.machine, self._engine, (a, b), at, self.same_target, absolute=self._absolute
        )

    def _difference(self, one: int, mine: Function, other: Function, found: Compared) -> Difference:
        section = self.left.sections[one]
        name = symbol_names.readable(mine.name)
        if not name:
            near = self.left.before(section.address + mine.start)
            name = f"the function at {section.address + mine.start:#x}" + (f" (after {near})" if near else "")
        left = right = b""
        what = f"other instructions, first {found.at:#x} bytes into it"
        if mine.size != other.size:
            what += f"; {mine.size:,} bytes in A, {other.size:,} in B"
        if found.answer == "unknown":
            what = "other bytes; there is no disassembler for this CPU"
        if found.answer == "other-data" and found.targets:
            what = f"the same instructions, but {found.at:#x} bytes into it they use other data"
            left, right = (
                side.data_at(address)
                for side, address in zip((self.left, self.right), found.targets, strict=True)
            )
        place = section.offset + mine.start + found.at
        return Difference(
            self.path, "code", what, "code", section.name, name, place, left, right, lines=found.lines
        )

    def same_target(self, one: int, two: int) -> bool | None:
        """Whether two addresses are the same thing; None where they lie in data that differs there."""
        if self.fixed and (one == two or self.left.section_at(one) not in self.changed):
            return one == two
        a, b = self.left.target(one), self.right.target(two)
        if a is None or b is None:
            return a is None and b is None and one == two
        if a.symbol and b.symbol:
            return (a.symbol, a.into) == (b.symbol, b.into)
        if symbol_names.plain(a.section) != symbol_names.plain(b.section):
            return False
        index, other = self.left.section_at(one), self.right.section_at(two)
        if index is None or other is None:
            return False
        section = self.left.sections[index]
        if part_of(section) != "data" or section.name.startswith(".got"):
            return True  # tables of the linker, which are compared as such
        if self._table(one, two, index, other):
            return True
        regions = self.regions(index, other)
        if regions is None:
            return True  # said with the data: it could not be laid side by side
        place = counterpart(regions, one - section.address)
        into = two - self.right.sections[other].address
        if place is not None and place[0] == place[1] == into:
            return True
        if a.bytes[:ALIKE] == b.bytes[:ALIKE]:
            return True
        near = any(
            row[0] - NEAR <= one - section.address < row[1] + NEAR
            for row in data_pair.swapped(
                self.left.stretch(section), self.right.stretch(self.right.sections[other]), regions
            )
        )
        return True if near and a.bytes[:HALF] == b.bytes[:HALF] else None

    def _table(self, one: int, two: int, index: int, other: int) -> bool:
        """Whether a table of jumps lies at both places: distances from the table to code, which is the same code.

        How far it reaches is remembered: the bytes of such tables differ wherever code moved.
        """
        sections = self.left.sections[index], self.right.sections[other]
        places = one - sections[0].address, two - sections[1].address
        known = self.tables.get((index, places[0]))
        if known is not None:
            return known[0] == places[1]
        order, count = self.left.elf.endian, 0
        a = self.left.stretch(sections[0]).read(places[0], MOST_TABLE)
        b = self.right.stretch(sections[1]).read(places[1], MOST_TABLE)
        for at in range(0, min(len(a), len(b)) - 3, 4):
            x = int.from_bytes(a[at : at + 4], order, signed=True)
            y = int.from_bytes(b[at : at + 4], order, signed=True)
            left, right = self.left.target(one + x), self.right.target(two + y)
            if left is None or right is None or not left.symbol or left.section == sections[0].name:
                break
            if (left.symbol, left.into) != (right.symbol, right.into):
                break
            count += 1
        if count:
            self.tables[index, places[0]] = (places[1], count * 4)
        return bool(count)

    def contents(self, one: int, two: int) -> tuple[Stretch, Stretch]:
        """What two sections hold; where they are not of one size, without the addresses that a loader writes: only so
        can they be laid side by side."""
        left, right = self.left.sections[one], self.right.sections[two]
        if left.size == right.size or not left.flags & elf.SHF_WRITE or self.left.relocatable:
            return self.left.stretch(left), self.right.stretch(right)
        return self.left.without_pointers(one), self.right.without_pointers(two)

    def pointers(self, one: int, two: int) -> Iterator[Difference]:
        """The addresses that were taken out of two sections, held against each other."""
        regions = self.regions(one, two)
        if regions is None:
            return
        left, right = self.left.sections[one], self.right.sections[two]
        moved = 0
        for place, address in self.left.pointers.items():
            if not left.address <= place < left.address + left.size:
                continue
            there = counterpart(regions, place - left.address)
            other = (
                self.right.pointers.get(right.address + there[0]) if there and there[0] == there[1] else None
            )
            if other is None:
                continue  # in what differs anyway
            if self.same_target(address, other) is False:
                names = self.left.before(address).encode(), self.right.before(other).encode()
                at, what = left.offset + place - left.address, "the address of something else"
                yield Difference(self.path, "code", what, "data", left.name, "", at, *names)
            moved += 1
        if moved:
            what = f"{moved:,} addresses, followed to what lies there"
            yield Difference(self.path, "bytes", what, "data", left.name, same="addresses", count=moved)

    def regions(self, one: int, two: int) -> list[Region] | None:
        """What differs of two sections of data, found once."""
        if (one, two) not in self._regions:
            a, b = self.contents(one, two)
            flat = bool(self.left.sections[one].flags & elf.SHF_WRITE)
            self._regions[one, two] = data_pair.side_by_side(a, b, self.bounds, flat=flat)
        return self._regions[one, two]


def _holding(functions: list[Function], place: int) -> Function | None:
    """The function that holds a place, of functions in their order."""
    low, high = 0, len(functions)
    while low < high:
        middle = (low + high) // 2
        if functions[middle].start <= place:
            low = middle + 1
        else:
            high = middle
    for function in functions[max(0, low - 4) : low][::-1]:
        if function.start <= place < function.start + function.size:
            return function
    return None


def paired(ours: list[Function], theirs: list[Function]) -> tuple[list[PAIR], list[Function], list[Function]]:
    """(pairs, only ours, only theirs): by name, then by name without hashes, those alike in their order."""
    exact: dict[str, list[Function]] = defaultdict(list)
    for function in theirs:
        exact[function.name].append(function)
    pairs: list[PAIR] = []
    left: list[Function] = []
    for function in ours:
        same = exact.get(function.name)
        if same:
            pairs.append((function, same.pop(0)))
        else:
            left.append(function)
    rest: dict[str, list[Function]] = defaultdict(list)
    for rows in exact.values():
        for function in rows:
            rest[symbol_names.key(function.name)].append(function)
    lost: list[Function] = []
    for function in left:
        alike = rest.get(symbol_names.key(function.name))
        if alike:
            pairs.append((function, alike.pop(0)))
        else:
            lost.append(function)
    new = sorted((function for rows in rest.values() for function in rows), key=lambda row: row.start)
    return sorted(pairs, key=lambda pair: pair[0].start), lost, new
