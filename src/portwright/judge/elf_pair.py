"""Two ELF files that are not the same: every difference between them, section by section, code by its functions."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from portwright.base.sources import Memory
from portwright.formats import elf
from portwright.judge import data_pair, elf_tables, symbol_names
from portwright.judge.bytewise import Stretch, same, texts, whole
from portwright.judge.data_pair import Place
from portwright.judge.difference import Bounds, Difference, Part, Same
from portwright.judge.elf_addresses import Sifter
from portwright.judge.elf_code import CodePair
from portwright.judge.elf_side import Side, part_of

Pair = tuple[int, int]
TEXTS = (".debug_str", ".debug_line_str", ".debug_line")
FOLLOWING: tuple[Part, ...] = ("unwind", "relocations", "symbols")
SECTION_HEADERS = "in the section headers"
HASH = 6
"""A hash that changed differs in at least so many bytes; less is damage."""


def differences(path: str, left: Side, right: Side, bounds: Bounds) -> Iterator[Difference]:
    """All that differs in two ELF files of one width and byte order."""
    found = _ElfPair(path, left, right, bounds).differences()
    if left.units == right.units or not left.units or not right.units:
        yield from found
        return
    what = f"{left.units} codegen units in A, {right.units} in B"
    yield Difference(path, "units", what, "container")
    yield from (of_units(row) for row in found)


def of_units(row: Difference) -> Difference:
    """The same, said to come from another number of codegen units where nothing else explains it."""
    return row if row.same or row.part in ("build-id", "comment") else replace(row, same="units")


class _ElfPair:
    def __init__(self, path: str, left: Side, right: Side, bounds: Bounds) -> None:
        self.path, self.left, self.right, self.bounds = path, left, right, bounds
        self.fixed = _layout(left) == _layout(right)
        self.code = CodePair(path, left, right, self.fixed, bounds)
        self.renamed = False  # whether one side has sections that the other has not
        self.changed = False  # whether code or data differ, so that tables that describe them must, too

    def differences(self) -> Iterator[Difference]:
        pairs, lost, new = _paired(self.left, self.right)
        self.renamed = bool(lost or new)
        by_part: dict[Part, list[Pair]] = defaultdict(list)
        for one, two in pairs:
            a, b = self.left.stretch(self.left.sections[one]), self.right.stretch(self.right.sections[two])
            if not same(a, b) or self.left.sections[one].size != self.right.sections[two].size:
                by_part[part_of(self.left.sections[one])].append((one, two))
            elif not self.fixed and part_of(self.left.sections[one]) == "code":
                by_part["code"].append((one, two))  # equal bytes at another place can be other code
        self.code.changed |= {one for one, _ in by_part["data"]}
        if not by_part["symbols"]:
            self._share_symbols()
        for found in self._sections(by_part):
            self.changed |= found.part in ("code", "data") or found.kind == "code"
            yield found
        yield from self._lone(lost, new)
        yield from self._headers(pairs, bool(by_part) or bool(lost) or bool(new))
        ours = [symbol_names.plain(self.left.sections[one].name) for one, _ in sorted(pairs)]
        theirs = [
            symbol_names.plain(self.right.sections[two].name) for _, two in sorted(pairs, key=lambda p: p[1])
        ]
        if ours != theirs:
            yield Difference(self.path, "order", "the same sections in another order", "container")

    def _share_symbols(self) -> None:
        """The symbol tables are the same: one of them in memory is enough."""
        self.right.__dict__["symbols"] = self.left.symbols

    def _sections(self, by_part: dict[Part, list[Pair]]) -> Iterator[Difference]:
        for one, two in by_part.pop("code", ()):
            yield from self.code.differences(one, two)
        for one, two in by_part.pop("data", ()):
            yield from self._data(one, two)
        for one, two in by_part.pop("relocations", ()):
            yield from elf_tables.relocation_differences(
                self.path,
                self.left,
                self.right,
                one,
                two,
                fixed=self.fixed,
                bounds=self.bounds,
                same_target=self.code.same_target,
            )
        yield from self._symbols(by_part.pop("symbols", []))
        for part, pairs in by_part.items():
            for one, two in pairs:
                yield from self._other(part, one, two)

    def _place(self, part: Part, index: int) -> Place:
        section = self.left.sections[index]
        return Place(
            self.path, part, section.name, section.offset, lambda place: self.left.object_at(index, place)
        )

    def _stretches(self, one: int, two: int) -> tuple[Stretch, Stretch]:
        return self.left.stretch(self.left.sections[one]), self.right.stretch(self.right.sections[two])

    def _data(self, one: int, two: int) -> Iterator[Difference]:
        section, other = self.left.sections[one], self.right.sections[two]
        if elf.SHT_NOBITS in (section.kind, other.kind):
            what = f"{section.size:,} bytes of zeros in A, {other.size:,} in B"
            yield Difference(self.path, "bytes", what, "data", section.name)
            return
        sift = None if self.left.relocatable else Sifter(self.code, one, two).left_over
        a, b = self.code.contents(one, two)
        flat = bool(section.flags & elf.SHF_WRITE)
        yield from data_pair.differences(self._place("data", one), a, b, self.bounds, sift, flat=flat)
        if flat and section.size != other.size:
            yield from self.code.pointers(one, two)

    def _symbols(self, pairs: list[Pair]) -> Iterator[Difference]:
        if not pairs:
            return
        seen = False
        for table in (elf.SHT_SYMTAB, elf.SHT_DYNSYM):
            for found in elf_tables.symbol_differences(
                self.path, self.left, self.right, table, fixed=self.fixed, changed=self.changed
            ):
                seen = True
                yield found
        for one, two in pairs:
            section = self.left.sections[one]
            if seen or self.renamed or not self.fixed or self.changed or self.left.relocatable:
                what = "follows from the symbols, and from where things lie"
                yield Difference(self.path, "bytes", what, "symbols", section.name, same="follows")
            else:
                a, b = self._stretches(one, two)
                yield from data_pair.differences(self._place("symbols", one), a, b, self.bounds)

    def _other(self, part: Part, one: int, two: int) -> Iterator[Difference]:
        """Sections that are neither code, data, symbols nor relocations."""
        a, b = self._stretches(one, two)
        section = self.left.sections[one]
        if part == "unwind" and (self.changed or not self.fixed):
            what = "the tables for unwinding follow from the code"
            yield Difference(self.path, "bytes", what, part, section.name, same="follows")
        elif part == "build-id":
            x, y = a.read(16, 64), b.read(16, 64)
            yield Difference(
                self.path,
                "bytes",
                f"{x.hex()} in A, {y.hex()} in B",
                part,
                section.name,
                "",
                section.offset + 16,
            )
        elif part == "comment":
            yield from data_pair.by_texts(self._place(part, one), a, b, self.bounds, ends=b"\0")
        elif part == "debug":
            yield from self._debug(one, two)
        elif part in ("metadata", "bitcode"):
            yield from opaque(self._place(part, one), a, b, self.bounds)
        else:
            yield from data_pair.differences(self._place(part, one), a, b, self.bounds)

    def _debug(self, one: int, two: int) -> Iterator[Difference]:
        section = self.left.sections[one]
        a, b = self._expanded(self.left, one), self._expanded(self.right, two)
        if section.name.startswith(TEXTS):
            ends = b"" if section.name.startswith(".debug_line") and "str" not in section.name else b"\0"
            ours, theirs = texts(a, data_pair.MOST_TEXT, ends=ends), texts(b, data_pair.MOST_TEXT, ends=ends)
            pairs = data_pair.paired(ours - theirs, theirs - ours)
            paths = [pair for pair in pairs if any(b"/" in text for text in pair)]
            for left, right in paths[: data_pair.MOST_PAIRS]:
                what = "another text" if left and right else f"a text that only {'A' if left else 'B'} has"
                yield Difference(self.path, "bytes", what, "debug", section.name, "", None, left, right)
        sizes = f": {a.size:,} and {b.size:,} bytes" if a.size != b.size else ""
        yield Difference(self.path, "bytes", f"other debug information{sizes}", "debug", section.name)

    def _expanded(self, side: Side, index: int) -> Stretch:
        """A section's content, decompressed where it is compressed (bounded)."""
        section, stretch = side.sections[index], side.stretch(side.sections[index])
        if not section.flags & elf.SHF_COMPRESSED or stretch.size < 24:
            return stretch
        head = 24 if side.elf.bits == 64 else 12
        kind = int.from_bytes(stretch.read(0, 4), side.elf.endian)
        if kind != 1:
            return stretch
        try:
            data = zlib.decompressobj().decompress(
                stretch.read(head, min(stretch.size, 64 << 20)), data_pair.MOST_TEXT
            )
        except zlib.error:
            return stretch
        return whole(Memory(data, section.name))

    def _lone(self, lost: list[int], new: list[int]) -> Iterator[Difference]:
        """Sections that only one side has."""
        for side, name, rows in ((self.left, "A", lost), (self.right, "B", new)):
            for index in rows:
                section = side.sections[index]
                part = part_of(section)
                what = f"only {name} has this section ({section.size:,} bytes)"
                symbol = ""
                if part == "code" and "_" in section.name:
                    symbol = symbol_names.readable(section.name[section.name.index("_") :])
                follows: Same = "follows" if part in FOLLOWING and section.kind != elf.SHT_SYMTAB else ""
                if side.relocatable and not section.size:
                    follows = "follows"
                yield Difference(self.path, "missing", what, part, section.name, symbol, same=follows)

    def _headers(self, pairs: list[Pair], differ: bool) -> Iterator[Difference]:
        """Fields of the headers, and the bytes that lie in no section."""
        ours, theirs = self.left.elf, self.right.elf
        for field in ("kind", "machine", "flags", "entry"):
            one, two = getattr(ours, field), getattr(theirs, field)
            if one != two:
                same: Same = "follows" if field == "entry" and not self.fixed else ""
                yield Difference(self.path, "header", f"{field}: {one:#x} in A, {two:#x} in B", same=same)
        for one, two in pairs:
            a, b = self.left.sections[one], self.right.sections[two]
            for field in ("kind", "flags", "alignment", "entry_size"):
                if getattr(a, field) != getattr(b, field):
                    what = f"{field} of the section: {getattr(a, field):#x} in A, {getattr(b, field):#x} in B"
                    yield Difference(self.path, "header", what, section=a.name)
        if self.left.source.size == self.right.source.size and self.fixed:
            yield from self._gaps(pairs, differ)
        elif not differ:
            what = f"{self.left.source.size:,} and {self.right.source.size:,} bytes, with the same sections"
            yield Difference(self.path, "header", what)

    def _gaps(self, pairs: list[Pair], differ: bool) -> Iterator[Difference]:
        """What lies between the sections of two files of one layout."""
        taken = sorted(
            (section.offset, section.offset + section.size)
            for section in self.left.sections
            if section.kind not in (0, elf.SHT_NOBITS)
        )
        at, size = 0, self.left.source.size
        a, b = whole(self.left.source), whole(self.right.source)
        for start, end in [*taken, (size, size)]:
            if start > at and not same(a.part(at, start - at), b.part(at, start - at)):
                place = Place(self.path, "file", offset=at)
                for found in data_pair.differences(
                    place, a.part(at, start - at), b.part(at, start - at), self.bounds
                ):
                    known = self._header_field(found.offset or 0)
                    named = (
                        differ and known == SECTION_HEADERS
                    )  # they hold places of names; all else of them is compared
                    follows: Same = "follows" if named or (differ and self._moved_tables(pairs)) else ""
                    yield replace(found, kind="header", what=f"{known}: {found.what}", same=follows)
            at = max(at, end)

    def _moved_tables(self, pairs: list[Pair]) -> bool:
        """Whether a section that is not loaded moved, so that the headers must say so."""
        return any(
            (self.left.sections[one].offset, self.left.sections[one].size)
            != (self.right.sections[two].offset, self.right.sections[two].size)
            for one, two in pairs
        )

    def _header_field(self, offset: int) -> str:
        elf_file = self.left.elf
        sections, size, count = elf_file.section_table
        if offset < 64:
            return "in the file's header"
        if elf_file.segments_offset <= offset < elf_file.segments_offset + 56 * len(elf_file.segments):
            return "in the program headers"
        if sections <= offset < sections + size * max(count, len(self.left.sections)):
            return SECTION_HEADERS
        return "between the sections"


def opaque(place: Place, a: Stretch, b: Stretch, bounds: Bounds) -> Iterator[Difference]:
    """Content that only its maker can read: the paths in it, and that it differs."""
    ours, theirs = texts(a, data_pair.MOST_TEXT), texts(b, data_pair.MOST_TEXT)
    for left, right in data_pair.paired(ours - theirs, theirs - ours)[: data_pair.MOST_PAIRS]:
        if left.count(b"/") >= 2 and right.count(b"/") >= 2:
            yield Difference(
                place.path, "bytes", "another text", place.part, place.section, "", None, left, right
            )
    found = list(data_pair.differences(place, a, b, bounds)) if a.size == b.size else []
    widest = max((len(row.left) for row in found), default=HASH + 8)
    if found and widest < HASH + 8 and len(found) < 3:
        yield from (replace(row, part="data") for row in found)
        return
    sizes = f": {a.size:,} and {b.size:,} bytes" if a.size != b.size else ""
    yield Difference(
        place.path, "bytes", f"other content{sizes}", place.part, place.section, "", place.offset
    )


def _layout(side: Side) -> list[tuple[str, int, int]]:
    """Where everything lies that is loaded."""
    return [
        (symbol_names.plain(section.name), section.address, section.size)
        for section in side.sections
        if section.flags & elf.SHF_ALLOC
    ]


def _paired(left: Side, right: Side) -> tuple[list[Pair], list[int], list[int]]:
    """(pairs, only ours, only theirs) of sections: by name, then by name without hashes, those alike in order."""
    waiting: dict[str, list[int]] = defaultdict(list)
    for index, section in enumerate(right.sections):
        waiting[section.name].append(index)
    pairs: list[Pair] = []
    rest: list[int] = []
    for index, section in enumerate(left.sections):
        if waiting.get(section.name):
            pairs.append((index, waiting[section.name].pop(0)))
        else:
            rest.append(index)
    keyed: dict[str, list[int]] = defaultdict(list)
    for rows in waiting.values():
        for index in rows:
            keyed[_key(right.sections[index].name)].append(index)
    lost: list[int] = []
    for index in rest:
        alike = keyed.get(_key(left.sections[index].name))
        if alike:
            pairs.append((index, alike.pop(0)))
        else:
            lost.append(index)
    return sorted(pairs), lost, sorted(index for rows in keyed.values() for index in rows)


def _key(name: str) -> str:
    """A section's name without the hashes of the symbol that it is named after."""
    head, mark, symbol = name.partition("._R")
    return head + "." + symbol_names.key("_R" + symbol) if mark else symbol_names.plain(name)
