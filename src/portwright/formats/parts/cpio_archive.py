"""The entries of cpio archives, one after the other: newc, newc with checksums, and odc."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import AT_ONCE, Source
from portwright.formats import Kind

NEWC, CRC, ODC = b"070701", b"070702", b"070707"
FORMATS = {NEWC: "newc", CRC: "newc with checksums", ODC: "odc"}
TRAILER = b"TRAILER!!!"
MOST_NAME = 4096
"""Bytes of a name with the zero after it: the kernel passes over longer ones."""
KINDS: dict[int, Kind] = {
    0o010000: "fifo",
    0o020000: "character",
    0o040000: "directory",
    0o060000: "block",
    0o100000: "file",
    0o120000: "symlink",
    0o140000: "socket",
}
TYPES = {kind: number for number, kind in KINDS.items()}
_NUMBERS = struct.Struct(">13I")
_ODC_WIDTHS = (6, 6, 6, 6, 6, 6, 6, 11, 6, 11)
_AHEAD = 512


@dataclass(slots=True)
class Entry:
    """An entry: its header lies at `at`, its content at `data`. `device` is where the file was, `own` what it is."""

    at: int
    name: bytes
    mode: int
    number: int
    uid: int
    gid: int
    links: int
    modified: int
    size: int
    data: int
    device: tuple[int, int]
    own: tuple[int, int]
    checksum: int | None

    @property
    def kind(self) -> Kind | None:
        """What it is, None where its mode says nothing that there is."""
        return KINDS.get(self.mode & 0o170000)


class Archive:
    """One archive in a source, from `start` on. `entries` reads it; then `end` is where it ends, and `closed` whether
    by its trailer. In the whole of a file with compressed parts the source begins at `behind`."""

    def __init__(self, source: Source, start: int, behind: int = 0) -> None:
        self.source, self.start, self.behind = source, start, behind
        self.end = start
        self.closed = False
        self.format = ""

    def entries(self) -> Iterator[Entry]:
        """The entries, without the trailer; raises `BadInput` where there is something else."""
        place = self.start
        while place < self.source.size:
            head = self.source.read(place, min(_AHEAD, self.source.size - place))
            if head[:6] not in FORMATS:
                if head.count(0) == len(head) and self.end > self.start:
                    return  # zeros where the next header should be: it has no trailer
                raise self._bad(f"no header of an entry: it begins with {head[:6]!r}", place, "cpio/header")
            self.format = self.format or FORMATS[head[:6]]
            entry, end = self._odc(place, head) if head[:6] == ODC else self._newc(place, head)
            if end > self.source.size:
                what = f"`{_shown(entry.name)}` should end at {end:#x}, and the archive ends at {self.source.size:#x}"
                raise self._bad(what, place, "cpio/cut-off")
            self.end = end
            if entry.name == TRAILER:
                self.closed = True
                return
            yield entry
            place = min(
                self.start + (end - self.start + 3 & ~3) if head[:6] != ODC else end, self.source.size
            )

    def _newc(self, place: int, head: bytes) -> tuple[Entry, int]:
        try:
            numbers = _NUMBERS.unpack(bytes.fromhex(head[6:110].decode("ascii")))
        except (ValueError, struct.error):
            raise self._bad(
                "a header whose fields are no hexadecimal numbers", place, "cpio/header"
            ) from None
        number, mode, uid, gid, links, modified, size, major, minor, own_major, own_minor, length, check = (
            numbers
        )
        name = self._name(place, 110, length, head)
        data = self.start + (place - self.start + 110 + length + 3 & ~3)
        checksum = check if head[:6] == CRC else None
        device, own = (major, minor), (own_major, own_minor)
        entry = Entry(place, name, mode, number, uid, gid, links, modified, size, data, device, own, checksum)
        return entry, data + size

    def _odc(self, place: int, head: bytes) -> tuple[Entry, int]:
        numbers, at = [], 6
        try:
            for width in _ODC_WIDTHS:
                field = head[at : at + width]
                if len(field) < width or field.strip(b"01234567"):
                    raise ValueError
                numbers.append(int(field, 8))
                at += width
        except ValueError:
            raise self._bad("a header whose fields are no octal numbers", place, "cpio/header") from None
        device, number, mode, uid, gid, links, own, modified, length, size = numbers
        name = self._name(place, 76, length, head)
        data = place + 76 + length
        where, what = divmod(device, 256), divmod(own, 256)
        return Entry(
            place, name, mode, number, uid, gid, links, modified, size, data, where, what, None
        ), data + size

    def _name(self, place: int, header: int, length: int, head: bytes) -> bytes:
        """The name behind a header, without the zero at its end."""
        if not 1 <= length <= MOST_NAME:
            raise self._bad(f"a name of {length} bytes: there are 1 to {MOST_NAME}", place, "cpio/name")
        if place + header + length > self.source.size:
            raise self._bad("the archive ends inside a name", place, "cpio/cut-off")
        name = head[header : header + length]
        if len(name) < length:
            name = self.source.read(place + header, length)
        if name[-1:] != b"\0" or b"\0" in name[:-1] or length == 1:
            raise self._bad(
                f"a name that is empty, or does not end in its zero: {name!r}", place, "cpio/name"
            )
        return name[:-1]

    def _bad(self, what: str, place: int, code: str) -> BadInput:
        hint = "the archive was cut off, or is damaged: make it anew"
        return fail(what, Where(self.source.name, address=place), hint, code)


def after_zeros(source: Source, place: int) -> int:
    """The address of the first byte from `place` on that is not zero, or the end."""
    while place < source.size:
        part = source.read(
            place, min(AT_ONCE if place % 4096 == 0 else 4096 - place % 4096, source.size - place)
        )
        left = part.lstrip(b"\0")
        if left:
            return place + len(part) - len(left)
        place += len(part)
    return place


def parts_of(name: bytes) -> list[bytes]:
    """The parts of a name, as the kernel takes them: relative to the root, whether it begins there or not."""
    return [part for part in name.split(b"/") if part not in (b"", b".")]


def header(entry: Entry, magic: bytes = NEWC) -> bytes:
    """The header of an entry, and its name."""
    numbers = (entry.number, entry.mode, entry.uid, entry.gid, entry.links, entry.modified, entry.size)
    fields = (*numbers, *entry.device, *entry.own, len(entry.name) + 1, entry.checksum or 0)
    return magic + _NUMBERS.pack(*fields).hex().upper().encode() + entry.name + b"\0"


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "replace")
