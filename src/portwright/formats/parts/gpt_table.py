"""One GPT header and its partition entries: taken apart with every check, and put together."""

from __future__ import annotations

import binascii
import hashlib
import struct
from dataclasses import dataclass, replace

from portwright.base.sources import Source

SIGNATURE = b"EFI PART"
REVISION = 0x00010000
COUNT, ENTRY_SIZE = 128, 128
MOST_BYTES = 1 << 22
"""A table of entries that is larger is damaged: nobody makes more than 128 entries of 128 bytes."""
NAME_UNITS = 36
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_ENTRY = struct.Struct("<16s16sQQQ72s")
_GUID = struct.Struct("<IHH8s")


@dataclass(frozen=True, slots=True)
class Entry:
    """A partition; `first` and `last` are sectors, both its own."""

    number: int
    kind: int
    guid: int
    first: int
    last: int
    attributes: int
    name: bytes

    @property
    def label(self) -> str:
        """The name, as far as it is one."""
        return self.name.decode("utf-16-le", "replace").split("\0")[0]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the bytes of its entries; all places are numbers of sectors of `sector` bytes."""

    sector: int
    lba: int
    other: int
    first: int
    last: int
    guid: int
    entries_at: int
    entry_size: int
    rows: bytes

    @property
    def count(self) -> int:
        """How many entries there is room for."""
        return len(self.rows) // self.entry_size

    def entries(self) -> list[Entry]:
        """The entries in use."""
        found = []
        for number in range(self.count):
            row = self.rows[number * self.entry_size : number * self.entry_size + _ENTRY.size]
            kind, guid, first, last, attributes, name = _ENTRY.unpack(row)
            if kind.strip(b"\0"):
                found.append(Entry(number + 1, guid_in(kind), guid_in(guid), first, last, attributes, name))
        return found

    def header(self) -> bytes:
        """The header, without the zeros after it."""
        fields = (
            REVISION,
            _HEADER.size,
            0,
            0,
            self.lba,
            self.other,
            self.first,
            self.last,
            guid_out(self.guid),
        )
        rows = (self.entries_at, self.count, self.entry_size, binascii.crc32(self.rows))
        head = _HEADER.pack(SIGNATURE, *fields, *rows)
        return head[:16] + struct.pack("<I", binascii.crc32(head)) + head[20:]

    def twin(self, lba: int, entries_at: int) -> Table:
        """The same table as the other of the two, in its place."""
        return replace(self, lba=lba, other=self.lba, entries_at=entries_at)

    def rows_size(self) -> int:
        """How many sectors the entries take."""
        return -(-len(self.rows) // self.sector)


def examine(source: Source, lba: int, sector: int) -> tuple[Table | None, str]:
    """(the table whose header lies in a sector, None where it cannot be believed; why not)."""
    at = lba * sector
    if at + sector > source.size or lba < 1:
        return None, "the file ends before it"
    block = source.read(at, sector)
    fields = _HEADER.unpack_from(block)
    (
        signature,
        revision,
        size,
        crc,
        _,
        own,
        other,
        first,
        last,
        guid,
        entries_at,
        count,
        entry_size,
        rows_crc,
    ) = fields
    if signature != SIGNATURE:
        return None, "it does not begin with `EFI PART`"
    if not _HEADER.size <= size <= sector or revision >> 16 != 1:
        return None, f"it is of revision {revision:#x}, with {size} bytes"
    head = block[:16] + bytes(4) + block[20:size]
    if binascii.crc32(head) != crc:
        return None, f"its checksum is {crc:#010x}, and should be {binascii.crc32(head):#010x}"
    if own != lba:
        return None, f"it says that it lies in sector {own}, and lies in {lba}"
    length = count * entry_size
    if entry_size < _ENTRY.size or entry_size % 8 or length > MOST_BYTES:
        return None, f"it says that there are {count} entries of {entry_size} bytes"
    if entries_at * sector + length > source.size:
        return None, f"its entries in sector {entries_at} reach beyond the end"
    rows = source.read(entries_at * sector, length)
    if binascii.crc32(rows) != rows_crc:
        return (
            None,
            f"the checksum of its entries is {rows_crc:#010x}, and should be {binascii.crc32(rows):#010x}",
        )
    return Table(sector, lba, other, first, last, guid_in(guid), entries_at, entry_size, rows), ""


def pack_entries(entries: list[Entry]) -> bytes:
    """The rows of a table of the usual size."""
    rows = bytearray(COUNT * ENTRY_SIZE)
    for each in entries:
        row = (guid_out(each.kind), guid_out(each.guid), each.first, each.last, each.attributes, each.name)
        _ENTRY.pack_into(rows, (each.number - 1) * ENTRY_SIZE, *row)
    return bytes(rows)


def guid_in(raw: bytes) -> int:
    """A GUID as an integer: its three first fields lie there with their bytes the other way round."""
    first, second, third, rest = _GUID.unpack(raw)
    return int(first) << 96 | int(second) << 80 | int(third) << 64 | int.from_bytes(rest, "big")


def guid_out(value: int) -> bytes:
    """The sixteen bytes of a GUID."""
    fields = (
        value >> 96,
        value >> 80 & 0xFFFF,
        value >> 64 & 0xFFFF,
        (value & (1 << 64) - 1).to_bytes(8, "big"),
    )
    return _GUID.pack(*fields)


def guid_text(value: int) -> str:
    """A GUID as it is written."""
    digits = f"{value:032X}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def derived_guid(seed: str) -> int:
    """A GUID made of a text, always the same: of version 8, which is for makers' own rules."""
    value = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big")
    return value & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62
