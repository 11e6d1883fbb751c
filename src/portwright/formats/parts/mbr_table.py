"""The partition table of a master boot record: its four rows, and the one that only says that a GPT is there."""

from __future__ import annotations

import struct
from dataclasses import dataclass

SECTOR = 512
TABLE = 446
PROTECTIVE = 0xEE
EXTENDED = (0x05, 0x0F, 0x85)
SIGNATURE = b"\x55\xaa"
_ROW = struct.Struct("<B3sB3sII")
_BEYOND = b"\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table; `number` from 1. Sectors count from where the table lies."""

    number: int
    status: int
    kind: int
    first: int
    sectors: int


def rows(sector: bytes) -> list[Row] | None:
    """The rows that are in use, or None where this is no boot record."""
    if len(sector) < SECTOR or sector[510:512] != SIGNATURE:
        return None
    found = []
    for number in range(4):
        status, _, kind, _, first, sectors = _ROW.unpack_from(sector, TABLE + 16 * number)
        if kind:
            found.append(Row(number + 1, status, kind, first, sectors))
    return found


def is_table(sector: bytes, size: int) -> bool:
    """Whether a sector is a boot record with a table, and not the code of a volume's: its rows make sense."""
    found = rows(sector)
    return bool(found) and all(
        row.status in (0, 0x80) and row.first and row.sectors and row.first < max(size // SECTOR, 1)
        for row in found or ()
    )


def protective(sectors: int) -> bytes:
    """The end of the boot record of a GPT disk, from `TABLE` on: one row over all sectors but the first."""
    covered = min(sectors - 1, 0xFFFFFFFF)
    row = _ROW.pack(0, b"\0\2\0", PROTECTIVE, _BEYOND, 1, covered)
    return row + bytes(48) + SIGNATURE
