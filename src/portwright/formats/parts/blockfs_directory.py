"""The records of one BlockFS directory: what is odd about them, and how one is added, changed and taken away.

A record is added where the kernel would add it, at the end. Only where that is not possible is the place of a
deleted one used, or all of them laid anew; the kernel reads either right, and does neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from portwright.formats.parts.blockfs_disk import (
    BLOCK,
    DIRECT,
    HEAD,
    RECORD_DIRECTORY,
    Record,
    lay_records,
    record_length,
    records,
)
from portwright.formats.parts.blockfs_volume import openable


class Oddity(NamedTuple):
    """Something wrong with a directory's records, at a place in its bytes."""

    code: str
    at: int
    what: str
    name: bytes = b""


def oddities(data: bytes | bytearray, size: int) -> Iterator[Oddity]:
    """What is wrong with the records of a directory, `data` being its first blocks."""
    if size > len(data):
        what = f"it has {size:,} bytes of records, and the kernel looks at {len(data):,} of them"
        yield Oddity("folder-full" if len(data) == DIRECT * BLOCK else "folder-hole", len(data), what)
    known: set[bytes] = set()
    dots: list[tuple[int, bytes]] = []
    for start in range(0, min(size, len(data)), BLOCK):
        block, end = bytes(data[start : start + BLOCK]), min(BLOCK, size - start)
        at, last = 0, start + end == size
        for record in records(block, end, start):
            at = record.at - start + record.length
            yield from _oddities_of(record, known, start + (end if last else BLOCK))
            if record.dot:
                dots.append((record.at, record.name))
        if at < end and (last or (at + 8 <= end and any(block[at:end]))):
            what = "a record of no length: the kernel stops here, and sees nothing of what is behind or comes to it"
            yield Oddity("record-broken", start + at, what)
    if dots != [(0, b"."), (12, b"..")]:
        yield Oddity("dots", 0, "it does not begin with `.` and `..`")


def _oddities_of(record: Record, known: set[bytes], end: int) -> Iterator[Oddity]:
    at, number, length, _, name = record
    if at + length > end:
        what = "a record reaches over the end of its block: the kernel sees half of it, and rubbish behind"
        if end % BLOCK:
            what = "the last record reaches over the directory's end, and the next would be written into it"
        yield Oddity("record-crosses", at, what)
    elif 8 + len(name) > length:
        yield Oddity("record-broken", at, "a name is longer than its record")
    elif number and not record.dot:
        if not openable(name):
            yield Oddity("name", at, f"the name {name!r} cannot be asked for", name)
        elif name in known:
            yield Oddity("name-twice", at, "the name is there twice, and the kernel finds the first", name)
        known.add(name)


def as_stream(data: bytes, size: int) -> list[Record] | None:
    """The records of a directory that was written without heed of blocks, if that is what it is.

    So does the system's own tool. All must be sound from the first byte to the last.
    """
    found = list(_stream(data, size))
    end = found[-1].at + found[-1].length if found else 0
    sound = end == size and [record.name for record in found[:2]] == [b".", b".."]
    names = {record.name for record in found}
    return found if sound and len(names) == len(found) else None


def _stream(data: bytes, size: int) -> Iterator[Record]:
    at = 0
    while at + 8 <= size:
        number, length, name_length, kind = HEAD.unpack_from(data, at)
        name = data[at + 8 : at + 8 + name_length]
        dot = at < 24 and name in (b".", b"..")
        if length != record_length(name) or not (dot or openable(name)) or kind not in (1, 2, 7):
            return
        yield Record(at, number, length, kind, name)
        at += length


class Full(Exception):
    """A directory has no place for another name."""


class Folder:
    """A directory in memory: its bytes, up to whole blocks, its records by name, and which blocks were changed."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size = bytearray(data), size
        self.changed: set[int] = set()
        self._index()

    def _index(self) -> None:
        self.names: dict[bytes, Record] = {}
        self.gone: list[Record] = []
        for start in range(0, self.size, BLOCK):
            end = min(BLOCK, self.size - start)
            for record in records(bytes(self.data[start : start + BLOCK]), end, start):
                if record.number and not record.dot:
                    self.names[record.name] = record
                elif not record.dot:
                    self.gone.append(record)

    @property
    def dots(self) -> tuple[int, int]:
        """The inodes that `.` and `..` name."""
        return HEAD.unpack_from(self.data, 0)[0], HEAD.unpack_from(self.data, 12)[0]

    def delete(self, name: bytes) -> None:
        """Take a name away: its inode becomes 0, its place stays."""
        record = self.names.pop(name)
        self._write(record._replace(number=0))
        self.gone.append(record._replace(number=0))

    def change(self, name: bytes, number: int, kind: int) -> None:
        """Let a name mean another inode."""
        record = self.names[name] = self.names[name]._replace(number=number, kind=kind)
        self._write(record)

    def adopt(self, parent: int) -> None:
        """Let `..` name another inode."""
        self._write(Record(12, parent, 12, RECORD_DIRECTORY, b".."))

    def insert(self, name: bytes, number: int, kind: int, may_grow: bool) -> None:
        """Add a name; raises `Full` where there is no place (`may_grow`: it can have another block)."""
        length = record_length(name)
        at = self.size
        if BLOCK - at % BLOCK < length:
            at += -at % BLOCK
        record = Record(at, number, length, kind, name)
        if at < len(self.data) or (may_grow and at < DIRECT * BLOCK):
            if at >= len(self.data):
                self.data += bytes(BLOCK)
            end = at - at % BLOCK + BLOCK
            self.data[self.size : end] = bytes(end - self.size)
            if at != self.size:
                self.changed.add(self.size // BLOCK)
            self.size = at + length
        else:
            place = next((gone for gone in self.gone if gone.length == length), None)
            if place is None:
                self._lay_anew(record, may_grow)
                return
            self.gone.remove(place)
            record = record._replace(at=place.at)
        self._write(record)
        self.names[name] = record

    def _lay_anew(self, added: Record, may_grow: bool) -> None:
        own, parent = self.dots
        dots = [(own, RECORD_DIRECTORY, b"."), (parent, RECORD_DIRECTORY, b"..")]
        entries = [(record.number, record.kind, record.name) for record in (*self.names.values(), added)]
        most = min(len(self.data) + BLOCK * may_grow, DIRECT * BLOCK)
        data, size = lay_records(dots + entries)
        if len(data) > most:
            data, size = lay_records(dots + _densely(entries))
        if len(data) > most:
            raise Full
        self.data, self.size = bytearray(data), size
        self.changed = set(range(len(data) // BLOCK))
        self._index()

    def _write(self, record: Record) -> None:
        at, number, length, kind, name = record
        self.data[at : at + length] = HEAD.pack(number, length, len(name), kind) + name.ljust(
            length - 8, b"\0"
        )
        self.changed.add(at // BLOCK)


def _densely(entries: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Entries in an order in which they take few blocks: the longest first, each where there is room for it."""
    blocks: list[tuple[int, list[tuple[int, int, bytes]]]] = [(BLOCK - 24, [])]
    for entry in sorted(entries, key=lambda entry: -record_length(entry[2])):
        length = record_length(entry[2])
        index = next((index for index, (room, _) in enumerate(blocks) if room >= length), len(blocks))
        if index == len(blocks):
            blocks.append((BLOCK, []))
        room, within = blocks[index]
        within.append(entry)
        blocks[index] = room - length, within
    return [entry for _, within in blocks for entry in within]
