"""Disks with a GUID partition table: read from either of its two copies, laid out, checked and mended.

What is made has sectors of 512 bytes; disks with sectors of 4096 are read too. No GUID is random: what is not given
follows from the names and places of the partitions, so that the same disk is the same bytes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from portwright.base.errors import Fault, Where, closest, fail, raise_if
from portwright.base.sources import Source
from portwright.formats import (
    Copied,
    Layout,
    Literally,
    Packing,
    Partition,
    Partitions,
    Piece,
    Problem,
    Target,
)
from portwright.formats.parts import gpt_check, gpt_table, mbr_table
from portwright.formats.parts.gpt_table import Entry, Table

HOLDS = "partitions"
SUMMARY = "disk with a GUID partition table"
FIELDS = ("size", "uuid", "most", "label")

SECTOR = 512
MIB = 1 << 20
ALIGNED = MIB
"""Where a partition begins that has no place of its own: at whole MiB, as all tools do it."""
ROWS = gpt_table.COUNT * gpt_table.ENTRY_SIZE // SECTOR
FIRST = 2 + ROWS
"""The first sector that partitions may have."""
KINDS = {
    "efi": 0xC12A7328F81F11D2BA4B00A0C93EC93B,
    "bios": 0x2168614864496E6F744E656564454649,
    "linux": 0x0FC63DAF84834772 << 64 | 0x8E793D69D8477DE4,
    "basic-data": 0xEBD0A0A2B9E5443387C068B6B72699C7,
    "linux-swap": 0x0657FD6DA4AB43C484E50933C84B4F4F,
}
SAME_AS = {"linux filesystem": "linux", "linux-filesystem": "linux", "redox": "linux"}
"""Other words: Redox's own installer gives its partition the type of a Linux file system."""
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def identify(source: Source) -> str | None:
    """Whether one of the two headers is there."""
    for sector, lba in gpt_check.places(source):
        if source.read(lba * sector, 8) == gpt_table.SIGNATURE:
            lost = "" if lba == 1 else ", its first header lost"
            return f"disk with a GUID partition table{'' if sector == SECTOR else f', sectors of {sector}'}{lost}"
    return None


def read(source: Source) -> Partitions:
    """The partitions of a disk; where the first table is damaged, those of the backup, with a `warning` in the facts."""
    found = gpt_check.find(source)
    table = found.table
    if table is None:
        raise _no_table(source, found)
    partitions = []
    faults = []
    for each in table.entries():
        start, end = each.first * table.sector, (each.last + 1) * table.sector
        if end > source.size or end <= start:
            what = f"partition {each.number} lies from {start:#x} to {end:#x}, and the disk ends at {source.size:#x}"
            hint = "the file was cut off, or the table is damaged: `check` says more"
            faults.append(Fault(what, Where(source.name, address=start), hint, "gpt/out-of-range"))
            continue
        kind, label = kind_of(each.kind), each.label
        row = Partition(each.number, start, end - start, kind, label, each.guid, each.attributes)
        partitions.append(row)
    raise_if(faults)
    facts: dict[str, str | int] = {
        "table": "gpt",
        "sector": table.sector,
        "guid": gpt_table.guid_text(table.guid),
        "header": "first" if table.lba == 1 else "backup",
    }
    if table.lba != 1:
        facts["warning"] = f"the first header is damaged ({found.why_first}); this is what its backup says"
    return Partitions(source, facts, tuple(partitions))


def _no_table(source: Source, found: gpt_check.Found) -> Exception:
    if found.plain is not None:
        what = f"no GUID partition table: a plain master boot record with {found.plain} partitions"
        return fail(what, Where(source.name, address=0), "read it as `mbr`", "gpt/none")
    what = f"no GUID partition table: the first header is none ({found.why_first}), nor is the last ({found.why_backup})"
    return fail(what, Where(source.name, address=SECTOR), None, "gpt/none")


def kind_of(guid: int) -> str:
    """The word for a type, or its GUID."""
    words = {value: word for word, value in KINDS.items()}
    return words.get(guid) or gpt_table.guid_text(guid)


def packing(partitions: Partitions) -> Packing:
    """How a disk like this one is made again."""
    guid = str(partitions.facts.get("guid", "0")).replace("-", "")
    return Packing(size=partitions.source.size, uuid=int(guid, 16))


def check(source: Source) -> Iterator[Problem]:
    """Everything that is wrong with the tables."""
    return gpt_check.check(source)


def repair(target: Target) -> list[str]:
    """Make both tables and the protective boot record good again; what was done."""
    return gpt_check.repair(target)


# making a disk


def layout(partitions: Iterable[Partition], packing: Packing) -> Layout:
    """A disk of partitions: `start` 0 means the next whole MiB, `size` 0 that of the content (or what is left, at the
    end of a disk whose size is given). Raises `BadInput` with everything that is wrong."""
    faults: list[Fault] = []
    rows = _placed(list(partitions), packing, faults)
    end = max((row.start + row.size for row in rows), default=FIRST * SECTOR)
    size = packing.size
    if size is None:
        size = -(-(end + (ROWS + 1) * SECTOR) // MIB) * MIB
    _measure(rows, size, end, packing, faults)
    raise_if(faults)
    sectors = size // SECTOR
    seed = "\0".join(
        f"{row.number} {row.start} {row.size} {row.kind} {row.attributes} {row.label}" for row in rows
    )
    disk = (
        packing.uuid if packing.uuid is not None else gpt_table.derived_guid(f"gpt\0{packing.label}\0{seed}")
    )
    entries = [_entry(row, disk) for row in rows]
    numbers = {entry.guid for entry in entries}
    if len(numbers) < len(entries):
        raise fail(
            "two partitions have the same uuid", None, "leave one out: it is made", "gpt/duplicate-uuid"
        )
    packed = gpt_table.pack_entries(entries)
    table = Table(SECTOR, 1, sectors - 1, FIRST, sectors - ROWS - 2, disk, 2, gpt_table.ENTRY_SIZE, packed)
    return Layout(size, list(_pieces(table, rows, sectors)))


def _pieces(table: Table, rows: list[Partition], sectors: int) -> Iterator[Piece]:
    backup = table.twin(sectors - 1, sectors - 1 - ROWS)
    yield Literally(mbr_table.TABLE, mbr_table.protective(sectors))
    yield Literally(SECTOR, table.header())
    used = table.rows.rstrip(b"\0")
    if used:
        yield Literally(2 * SECTOR, used)
    for row in sorted(rows, key=lambda row: row.start):
        if row.content is not None and row.content.size:
            yield Copied(row.start, row.content, 0, row.content.size)
    if used:
        yield Literally(backup.entries_at * SECTOR, used)
    yield Literally(backup.lba * SECTOR, backup.header())


def _placed(partitions: list[Partition], packing: Packing, faults: list[Fault]) -> list[Partition]:
    """The partitions with numbers, places and sizes."""
    rows: list[Partition] = []
    end = FIRST * SECTOR
    for index, given in enumerate(partitions):
        start = given.start or -(-end // ALIGNED) * ALIGNED
        size = given.size or -(-(given.content.size if given.content else 0) // SECTOR) * SECTOR
        if not size and index == len(partitions) - 1 and packing.size is not None:
            size = max((packing.size - (ROWS + 1) * SECTOR - start) // ALIGNED * ALIGNED, 0)
            size = size or max((packing.size - (ROWS + 1) * SECTOR - start) // SECTOR * SECTOR, 0)
        row = replace(given, number=given.number or index + 1, start=start, size=size)
        faults += _faults(row)
        rows.append(row)
        end = start + size
    seen: dict[int, Partition] = {}
    for row in rows:
        if seen.setdefault(row.number, row) is not row:
            faults.append(_fault(row, "has the number of another one", "give each its own", "gpt/number"))
    by_place = sorted(rows, key=lambda row: row.start)
    for before, after in itertools.pairwise(by_place):
        if after.start < before.start + before.size:
            what = f"begins at {after.start:#x}, inside {_name(before)}, which ends at {before.start + before.size:#x}"
            faults.append(_fault(after, what, "let one of them begin elsewhere", "gpt/overlap"))
    return rows


def _faults(row: Partition) -> Iterator[Fault]:
    """What is wrong with a partition by itself."""
    if row.start % SECTOR or row.size % SECTOR:
        what = f"has {row.size} bytes from {row.start}: both must be whole sectors of {SECTOR}"
        yield _fault(row, what, "give them in KiB or MiB", "gpt/unaligned")
    if row.start < FIRST * SECTOR:
        what = f"begins at {row.start:#x}, where the table itself lies"
        yield _fault(row, what, f"the first place is sector {FIRST}", "gpt/out-of-range")
    if row.size <= 0:
        yield _fault(row, "has no size and no content", "give it one of them", "gpt/no-size")
    elif row.content is not None and row.content.size > row.size:
        what = f"has {row.size} bytes, and its content {row.content.size}"
        yield _fault(row, what, "make it larger, or leave its size out", "gpt/content-size")
    if len(row.label.encode("utf-16-le", "surrogatepass")) > 2 * gpt_table.NAME_UNITS or "\0" in row.label:
        yield _fault(row, f"has a name of more than {gpt_table.NAME_UNITS} letters", "shorten it", "gpt/name")
    if not 1 <= row.number <= gpt_table.COUNT:
        yield _fault(row, f"has the number {row.number}", f"there are 1 to {gpt_table.COUNT}", "gpt/number")
    if not (0 <= row.attributes < 1 << 64 and 0 <= row.uuid < 1 << 128):
        yield _fault(
            row, "has attributes of more than 64 bits, or a uuid of more than 128", "shorten it", "gpt/number"
        )
    if kind_guid(row.kind) is None:
        near = closest(row.kind, [*KINDS, *SAME_AS])
        hint = f"did you mean `{near}`? " if near else ""
        hint += f"a type is a GUID or one of: {', '.join((*KINDS, *SAME_AS))}"
        yield _fault(row, f"is of the type `{row.kind}`, which is not known", hint, "gpt/kind")


def kind_guid(kind: str) -> int | None:
    """The type that a word or a GUID says."""
    word = kind.lower()
    word = SAME_AS.get(word, word)
    if word in KINDS:
        return KINDS[word]
    return int(kind.replace("-", ""), 16) or None if _GUID.fullmatch(kind) else None


def _measure(rows: list[Partition], size: int, end: int, packing: Packing, faults: list[Fault]) -> None:
    """Whether all of it has room on the disk."""
    if size % SECTOR or size < (2 * ROWS + 3) * SECTOR:
        what = (
            f"a disk of {size} bytes: it has whole sectors of {SECTOR}, and at least {2 * ROWS + 3} of them"
        )
        faults.append(Fault(what, None, "give its size in MiB", "gpt/size"))
    elif rows and end > size - (ROWS + 1) * SECTOR:
        least = end + (ROWS + 1) * SECTOR
        what = f"the partitions end at {end:#x}, and with the backup table the disk would have {least} bytes, not {size}"
        faults.append(Fault(what, None, "make the disk larger, or leave its size out", "gpt/no-room"))
    if packing.uuid is not None and not 0 <= packing.uuid < 1 << 128:
        faults.append(Fault("the disk's uuid has more than 128 bits", None, "shorten it", "gpt/number"))
    if packing.most is not None and size > packing.most:
        what = f"the disk has {size} bytes, and may have {packing.most}"
        faults.append(Fault(what, None, "make its partitions smaller, or allow more", "gpt/no-room"))


def _entry(row: Partition, disk: int) -> Entry:
    kind = kind_guid(row.kind)
    assert kind is not None
    guid = row.uuid or gpt_table.derived_guid(
        f"gpt partition\0{disk:x}\0{row.number}\0{row.label}\0{row.kind}"
    )
    name = row.label.encode("utf-16-le", "surrogatepass")
    first, last = row.start // SECTOR, (row.start + row.size) // SECTOR - 1
    return Entry(row.number, kind, guid, first, last, row.attributes, name)


def _name(row: Partition) -> str:
    return f"partition {row.number} `{row.label}`" if row.label else f"partition {row.number}"


def _fault(row: Partition, what: str, hint: str, code: str) -> Fault:
    return Fault(f"{_name(row)} {what}", None, hint, code)
