"""The folders of a FAT volume: slots of 32 bytes taken apart into files, and what among them belongs to none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from portwright.formats.parts import fat_names as names

MOST_SLOTS = 1 << 16
_DOTS = (b".          ", b"..         ")


@dataclass(slots=True)
class Entry:
    """A file or a folder: its 8.3 slot is `slot`, after `longs` slots of its long name; `name` is the one it goes by."""

    name: str
    short: bytes
    attributes: int
    case: int
    cluster: int
    size: int
    modified: int
    slot: int
    longs: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return bool(self.attributes & names.FOLDER)


@dataclass(frozen=True, slots=True)
class Odd:
    """Slots that are wrong: `code` says how; `loose` ones belong to no file and can be marked deleted."""

    code: str
    what: str
    slot: int
    count: int = 1
    loose: bool = False


@dataclass(slots=True)
class _Long:
    """Parts of a long name, as far as they have come."""

    parts: list[bytes]
    start: int
    following: int
    tie: int


class Folder:
    """A folder: `data` are its slots, `runs` where they lie, as (address, length); `cluster` its first, 0 for a root
    that has a place of its own."""

    def __init__(self, data: bytes, runs: list[tuple[int, int]], cluster: int, wide: bool) -> None:
        self.data, self.runs, self.cluster = bytearray(data), runs, cluster
        self.entries: dict[str, Entry] = {}
        self.shorts: dict[bytes, Entry] = {}
        self.label: tuple[int, bytes] | None = None
        self.dots: list[tuple[int, int]] = []
        self.odd: list[Odd] = []
        self.twice: list[Entry] = []
        for entry in self._parse(wide):
            key = names.fold(entry.name)
            if key in self.entries or entry.short in self.shorts:
                self.twice.append(entry)
            self.entries.setdefault(key, entry)
            self.shorts.setdefault(entry.short, entry)

    def all(self) -> list[Entry]:
        """Every file of it, those too whose names are there twice, in the order of their slots."""
        if not self.twice:
            return list(self.entries.values())
        every = {entry.slot: entry for entry in (*self.entries.values(), *self.twice)}
        return [every[slot] for slot in sorted(every)]

    def find(self, name: str) -> Entry | None:
        """The file that goes by a name, in any case; else the one whose 8.3 name that is."""
        key = names.fold(name)
        found = self.entries.get(key)
        if found is None and (plain := names.plain(key)) is not None:
            found = self.shorts.get(plain[0])
        return found

    def address(self, slot: int) -> int:
        """Where a slot lies in the image."""
        offset = slot * names.SLOT
        for at, length in self.runs:
            if offset < length:
                return at + offset
            offset -= length
        raise AssertionError("a slot outside its folder")

    def places(self, slot: int, count: int) -> Iterator[tuple[int, int, int]]:
        """(address, first slot, how many) of the parts in which some slots lie."""
        first = 0
        for at, length in self.runs:
            here = length // names.SLOT
            low, high = max(slot, first), min(slot + count, first + here)
            if low < high:
                yield at + (low - first) * names.SLOT, low, high - low
            first += here

    def room(self, count: int) -> int:
        """The first of `count` slots that are free one after the other; the number of slots where there are none."""
        firsts = bytes(self.data[:: names.SLOT])
        end = firsts.find(0)
        if end >= 0:
            firsts = firsts[:end] + bytes(len(firsts) - end)
        found = re.search(rb"[\xe5\x00]{%d}" % count, firsts)
        return found.start() if found else len(firsts)

    # changing, in memory only

    def put(self, entry: Entry, slots: bytes) -> None:
        """Lay the slots of an entry into free ones."""
        start = (entry.slot - entry.longs) * names.SLOT
        self.data[start : start + len(slots)] = slots
        self.entries[names.fold(entry.name)] = self.shorts[entry.short] = entry

    def drop(self, entry: Entry) -> None:
        """Mark the slots of an entry deleted."""
        for slot in range(entry.slot - entry.longs, entry.slot + 1):
            self.data[slot * names.SLOT] = 0xE5
        self.entries.pop(names.fold(entry.name), None)
        self.shorts.pop(entry.short, None)

    def grow(self, at: int, size: int) -> None:
        """Add a cluster that is all zeros."""
        self.data += bytes(size)
        self.runs.append((at, size))

    @property
    def slots(self) -> int:
        """How many slots there are, used or not."""
        return len(self.data) // names.SLOT

    # reading

    def _parse(self, wide: bool) -> Iterator[Entry]:
        """The entries; everything else of the slots is put where it belongs."""
        long: _Long | None = None
        data = bytes(self.data)
        for number, row in enumerate(names.ROW.iter_unpack(data)):
            short, attributes = row[0], row[1]
            if short[0] == 0:
                break
            if short[0] == 0xE5:
                self._drop(long, number)
                long = None
            elif attributes & 0x3F == names.LONG:
                long = self._long(long, number, data)
            elif attributes & names.LABEL:
                self._drop(long, number)
                long = None
                self._label(number, short)
            elif short in _DOTS:
                self._drop(long, number)
                long = None
                self._dot(number, row, wide)
            else:
                entry = self._entry(number, row, long, wide)
                long = None
                if entry is not None:
                    yield entry
        else:
            number = len(data) // names.SLOT
        self._drop(long, number)

    def _entry(self, number: int, row: tuple[Any, ...], long: _Long | None, wide: bool) -> Entry | None:
        short, attributes, case = row[0], row[1], row[2]
        high, moment, day, low, size = row[7:]
        name, longs = None, 0
        if long is not None:
            if long.following == 0 and long.tie == names.checksum(short):
                name, longs = names.long_text(long.parts[::-1]), len(long.parts)
                if name is None:
                    what = "a long name that no file can have"
                    self.odd.append(Odd("fat/long-name", what, long.start, longs, loose=True))
                    longs = 0
            else:
                self._drop(long, number)
        if names.strange_short(short):
            what = f"the 8.3 name {short!r} has characters that none may have"
            self.odd.append(Odd("fat/short-name", what, number))
        if name is None:
            name = names.shown(short, case).replace("/", "_").replace("\0", "_")
        if name in ("", ".", ".."):
            return None
        cluster = high << 16 | low if wide else low
        return Entry(name, short, attributes, case, cluster, size, names.seconds(moment, day), number, longs)

    def _long(self, long: _Long | None, number: int, data: bytes) -> _Long | None:
        order, tie, part = names.long_part(data, number)
        if order & 0x40 and 0 < order & 0x3F <= 20:
            self._drop(long, number)
            return _Long([part], number, (order & 0x3F) - 1, tie)
        if long is not None and order == long.following and tie == long.tie:
            long.parts.append(part)
            long.following -= 1
            return long
        self._drop(long, number)
        what = "a part of a long name that belongs to no file"
        self.odd.append(Odd("fat/long-name", what, number, 1, loose=True))
        return None

    def _drop(self, long: _Long | None, number: int) -> None:
        """Parts of a long name are followed by something that is not their file."""
        if long is not None:
            what = "a long name whose file is not there, or has another 8.3 name than it was made for"
            self.odd.append(Odd("fat/long-name", what, long.start, number - long.start, loose=True))

    def _label(self, number: int, short: bytes) -> None:
        if self.label is None:
            self.label = (number, short)

    def _dot(self, number: int, row: tuple[Any, ...], wide: bool) -> None:
        self.dots.append((number, row[7] << 16 | row[10] if wide else row[10]))
