"""DWARF debug information, versions 2 to 5, as far as it says which compiler made each unit.

Only the first entry of each unit is read, so that gigabytes of it take no longer than their units are many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from portwright.base.errors import Where, fail

PRODUCER, STR_OFFSETS_BASE = 0x25, 0x72
TYPE_UNITS = (2, 6)
LONGEST_STRING = 1024
LONGEST_ENTRY = 4096
LONGEST_ABBREVIATIONS = 4096
MOST_ABBREVIATIONS = 2_000_000  # pairs read for one file: real ones need about ten for each unit

# Forms by how they are stored: a number of bytes, or a word for what is more than that.
SIZES: dict[int, int | str] = {
    0x01: "address",
    0x03: "block2",
    0x04: "block4",
    0x05: 2,
    0x06: 4,
    0x07: 8,
    0x08: "string",
    0x09: "block",
    0x0A: "block1",
    0x0B: 1,
    0x0C: 1,
    0x0D: "leb",
    0x0E: "offset",
    0x0F: "leb",
    0x10: "reference",
    0x11: 1,
    0x12: 2,
    0x13: 4,
    0x14: 8,
    0x15: "leb",
    0x17: "offset",
    0x18: "block",
    0x19: 0,
    0x1A: "leb",
    0x1B: "leb",
    0x1C: 4,
    0x1D: "offset",
    0x1E: 16,
    0x1F: "offset",
    0x20: 8,
    0x21: 0,
    0x22: "leb",
    0x23: "leb",
    0x24: 8,
    0x25: 1,
    0x26: 2,
    0x27: 3,
    0x28: 4,
    0x29: 1,
    0x2A: 2,
    0x2B: 3,
    0x2C: 4,
}
STRING, STRP, LINE_STRP, STRX = 0x08, 0x0E, 0x1F, {0x1A, 0x25, 0x26, 0x27, 0x28}


class Sliced(Protocol):
    """Bytes, or what is sliced like them."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections that are read; those that a file does not have are empty."""

    info: Sliced
    abbreviations: Sliced
    strings: Sliced = b""
    line_strings: Sliced = b""
    string_offsets: Sliced = b""
    endian: Literal["little", "big"] = "little"
    name: str = "debug information"


class _Reader:
    """A place in a few bytes."""

    def __init__(self, data: bytes, endian: Literal["little", "big"]) -> None:
        self.data, self.at, self.endian = data, 0, endian

    def number(self, size: int) -> int:
        self.at += size
        if self.at > len(self.data):
            raise IndexError
        return int.from_bytes(self.data[self.at - size : self.at], self.endian)

    def leb(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value
            if shift > 70:
                raise IndexError

    def text(self) -> bytes:
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise IndexError
        found, self.at = self.data[self.at : end], end + 1
        return found


@dataclass(frozen=True, slots=True)
class _Unit:
    version: int
    address: int
    offset: int  # how many bytes an offset has: 4, or 8 in 64-bit DWARF
    abbreviations: int
    content: int


def producers(sections: Sections) -> Iterator[str | None]:
    """Who made each compilation unit, None where a unit does not say; raises `BadInput` where it is broken."""
    at, size = 0, len(sections.info)
    tables = _Tables(sections)
    while at + 11 <= size:
        try:
            unit, end, counted = _unit(sections, at)
        except IndexError:
            raise _bad(sections, at) from None
        if end > size or end <= at + 4:
            raise _bad(sections, at)
        if counted:
            try:
                yield _producer(sections, tables, unit, end)
            except (IndexError, KeyError):
                yield None
        at = end


def _unit(sections: Sections, at: int) -> tuple[_Unit, int, bool]:
    """(the unit at a place, where it ends, whether it is one of code)."""
    head = _Reader(sections.info[at : at + 48], sections.endian)
    length, offset = head.number(4), 4
    if length == 0xFFFF_FFFF:
        length, offset = head.number(8), 8
    end = at + head.at + length
    version = head.number(2)
    kind = 1
    if version >= 5:
        kind, address = head.number(1), head.number(1)
        table = head.number(offset)
        head.at += 8 if kind in (4, 5) else 0  # the id of a skeleton's other half
    else:
        table, address = head.number(offset), head.number(1)
    return _Unit(version, address, offset, table, at + head.at), end, kind not in TYPE_UNITS


def _producer(sections: Sections, tables: _Tables, unit: _Unit, end: int) -> str | None:
    entry = _Reader(sections.info[unit.content : min(end, unit.content + LONGEST_ENTRY)], sections.endian)
    named: tuple[int, int] | None = None
    base = 8 if unit.version >= 5 else 0
    for attribute, form in tables.attributes(unit.abbreviations, entry.leb()):
        value, text = _value(entry, form, unit)
        if attribute == STR_OFFSETS_BASE:
            base = value
        elif attribute == PRODUCER and form == STRING:
            return _decoded(text)
        elif attribute == PRODUCER:
            named = form, value
    if named is None:
        return None
    form, value = named
    if form in STRX:
        place = base + value * unit.offset
        value = _Reader(sections.string_offsets[place : place + unit.offset], sections.endian).number(
            unit.offset
        )
    elif form not in (STRP, LINE_STRP):
        return None
    table = sections.line_strings if form == LINE_STRP else sections.strings
    found, _, _ = table[value : value + LONGEST_STRING].partition(b"\0")
    return _decoded(found) or None


class _Tables:
    """The tables of abbreviations: each is read once, and not without end in a file that is damaged."""

    def __init__(self, sections: Sections) -> None:
        self._sections = sections
        self._known: dict[tuple[int, int], Sequence[tuple[int, int]]] = {}
        self._left = MOST_ABBREVIATIONS

    def attributes(self, start: int, wanted: int) -> Sequence[tuple[int, int]]:
        """(attribute, form) of the entries with an abbreviation code."""
        if (start, wanted) not in self._known:
            self._known[start, wanted] = self._read(start, wanted)
        return self._known[start, wanted]

    def _read(self, start: int, wanted: int) -> Sequence[tuple[int, int]]:
        data = self._sections.abbreviations[start : start + LONGEST_ABBREVIATIONS]
        table = _Reader(data, self._sections.endian)
        while self._left > 0 and (code := table.leb()):
            table.leb()
            table.number(1)
            rows: list[tuple[int, int]] = []
            while (row := (table.leb(), table.leb())) != (0, 0):
                rows.append(row)
                if row[1] == 0x21:
                    table.leb()  # a constant that stands in the abbreviation itself
            self._left -= len(rows) + 1
            if code == wanted:
                return rows
        return ()


def _value(entry: _Reader, form: int, unit: _Unit) -> tuple[int, bytes]:
    stored = SIZES[form]
    if isinstance(stored, int):
        return entry.number(stored), b""
    if stored == "leb":
        return entry.leb(), b""
    if stored == "string":
        return 0, entry.text()
    if stored.startswith("block"):
        entry.at += entry.number(int(stored[5:])) if stored[5:] else entry.leb()
        return 0, b""
    wide = stored == "address" or (stored == "reference" and unit.version < 3)
    return entry.number(unit.address if wide else unit.offset), b""


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _bad(sections: Sections, at: int) -> Exception:
    what = "a unit of its debug information reaches beyond its end"
    return fail(what, Where(sections.name, address=at), "build it again", "dwarf/broken")
