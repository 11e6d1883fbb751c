"""Master boot records with their partitions, logical ones too: read and checked. New disks are made with a GPT."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source
from portwright.formats import Layout, Packing, Partition, Partitions, Problem
from portwright.formats.parts import mbr_table
from portwright.formats.parts.mbr_table import EXTENDED, PROTECTIVE, SECTOR, Row

HOLDS = "partitions"
SUMMARY = "disk with a master boot record (read only)"
FIELDS: tuple[str, ...] = ()

KINDS = {
    0x01: "fat12",
    0x04: "fat16",
    0x06: "fat16",
    0x07: "basic-data",
    0x0B: "fat32",
    0x0C: "fat32",
    0x0E: "fat16",
    0x82: "linux-swap",
    0x83: "linux",
    0xEF: "efi",
}
MOST = 256
"""Logical partitions that are followed; so many that are more are a damaged chain."""


def identify(source: Source) -> str | None:
    """Whether this is a disk with a boot record, and with no GPT."""
    if source.size < SECTOR:
        return None
    sector = source.read(0, SECTOR)
    if not mbr_table.is_table(sector, source.size):
        return None
    found = mbr_table.rows(sector) or []
    if any(row.kind == PROTECTIVE for row in found):
        return None
    return f"disk with a master boot record, {len(found)} partition{'s' * (len(found) != 1)}"


def read(source: Source) -> Partitions:
    """The partitions of a disk: 1 to 4 are those of the boot record, from 5 on the logical ones."""
    found: list[Partition] = []
    for row, start in _all_rows(source):
        if start + row.sectors * SECTOR <= source.size:
            found.append(
                Partition(row.number, start, row.sectors * SECTOR, kind_of(row.kind), attributes=row.status)
            )
        else:
            what = f"partition {row.number} should end at {start + row.sectors * SECTOR:#x}"
            hint = f"the file ends at {source.size:#x}: it was cut off, or the table is damaged"
            raise fail(what, Where(source.name, address=start), hint, "mbr/out-of-range")
    facts: dict[str, str | int] = {"table": "mbr", "sector": SECTOR}
    return Partitions(source, facts, tuple(found))


def kind_of(number: int) -> str:
    """The word for a type, or its number."""
    return KINDS.get(number, f"{number:#04x}")


def layout(partitions: Iterable[Partition], packing: Packing) -> Layout:
    """Refused: there is no reason to make such a disk today."""
    raise fail("disks with a master boot record are only read here", None, "make a `gpt`", "mbr/read-only")


def packing(partitions: Partitions) -> Packing:
    """The size, of which another table could be made."""
    return Packing(size=partitions.source.size)


def check(source: Source) -> Iterator[Problem]:
    """Everything that is wrong with the table."""
    try:
        rows = list(_all_rows(source))
    except BadInput as error:
        for fault in error.faults:
            yield Problem(fault.code or "mbr/table", fault.what, fault.where.address if fault.where else None)
        return
    spans: list[tuple[int, int, int]] = []
    for row, start in rows:
        end = start + row.sectors * SECTOR
        if row.status not in (0, 0x80):
            yield Problem("mbr/status", f"partition {row.number} has the status {row.status:#x}", start)
        if not row.sectors or not start or end > source.size:
            what = (
                f"partition {row.number} lies from {start:#x} to {end:#x}, the disk ends at {source.size:#x}"
            )
            yield Problem("mbr/out-of-range", what, start)
        spans.append((start, end, row.number))
    spans.sort()
    for (_, end, before), (start, _, after) in itertools.pairwise(spans):
        if start < end:
            yield Problem("mbr/overlap", f"partitions {before} and {after} overlap", start)


def _all_rows(source: Source) -> Iterator[tuple[Row, int]]:
    """(row, address) of every partition that holds something."""
    found = mbr_table.rows(source.read(0, SECTOR)) if source.size >= SECTOR else None
    if found is None:
        raise fail(
            "no master boot record: it does not end in 55 aa", Where(source.name, address=0), None, "mbr/none"
        )
    for row in found:
        if row.kind not in EXTENDED:
            yield row, row.first * SECTOR
    number = 4
    for row in found:
        if row.kind in EXTENDED:
            for inner, start in _logical(source, row.first):
                number += 1
                yield Row(number, inner.status, inner.kind, inner.first, inner.sectors), start


def _logical(source: Source, base: int) -> Iterator[tuple[Row, int]]:
    """(row, address) of the logical partitions: each has a record of its own, which says where the next is."""
    here = base
    for _ in range(MOST):
        at = here * SECTOR
        found = mbr_table.rows(source.read(at, SECTOR))
        if found is None:
            what = "a record of logical partitions does not end in 55 aa"
            raise fail(what, Where(source.name, address=at), None, "mbr/extended")
        following = None
        for row in found:
            if row.kind in EXTENDED:
                following = base + row.first
            else:
                yield row, (here + row.first) * SECTOR
        if following is None:
            return
        if following <= here:
            what = "the records of logical partitions lead back"
            raise fail(what, Where(source.name, address=at), None, "mbr/extended")
        here = following
    raise fail(
        f"more than {MOST} logical partitions",
        Where(source.name, address=base * SECTOR),
        None,
        "mbr/extended",
    )
