"""Finds the two tables of a GPT disk, says everything that is wrong with them, and makes the one anew from the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from portwright.base.errors import Where, fail
from portwright.base.sources import Source
from portwright.formats import Problem, Target
from portwright.formats.parts import gpt_table, mbr_table
from portwright.formats.parts.gpt_table import Table

SECTORS = (512, 4096)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of the two tables, and why a missing one is not believed; `plain`: how many partitions a boot
    record has that is no protective one, where there is no table at all."""

    first: Table | None
    backup: Table | None
    why_first: str = ""
    why_backup: str = ""
    plain: int | None = None

    @property
    def table(self) -> Table | None:
        """The one to go by."""
        return self.first or self.backup


def places(source: Source) -> Iterator[tuple[int, int]]:
    """(sector size, sector) where a header may be: the first of each size, then the last."""
    for place in (1, -1):
        for sector in SECTORS:
            if source.size >= 3 * sector:
                yield sector, 1 if place == 1 else source.size // sector - 1


def find(source: Source) -> Found:
    """The tables of a disk."""
    why = {1: "there is no room for one", -1: "there is no room for one"}
    for sector in SECTORS:
        if source.size < 3 * sector:
            continue
        last = source.size // sector - 1
        first, why_first = gpt_table.examine(source, 1, sector)
        if first is not None:
            backup, why_backup = gpt_table.examine(source, first.other, sector)
            return Found(first, backup, "", why_backup)
        head = source.read(sector, sector)
        signed = head[:8] == gpt_table.SIGNATURE
        # On a disk that has grown the backup is where a first header, damaged elsewhere, may still say.
        said = (int.from_bytes(head[32:40], "little"),) if signed else ()
        for lba in (last, *said):
            backup, why_backup = gpt_table.examine(source, lba, sector)
            if backup is not None:
                return Found(None, backup, why_first, "")
        if signed or sector == SECTORS[0]:
            why = {1: why_first, -1: why_backup}
    rows = mbr_table.rows(source.read(0, mbr_table.SECTOR)) if source.size >= mbr_table.SECTOR else None
    plain = len(rows) if rows and not any(row.kind == mbr_table.PROTECTIVE for row in rows) else None
    return Found(None, None, why[1], why[-1], plain)


def check(source: Source) -> Iterator[Problem]:
    """Everything that is wrong with the tables of a disk."""
    found = find(source)
    table = found.table
    if table is None:
        what = f"neither header can be believed: of the first, {found.why_first}; of the backup, {found.why_backup}"
        yield Problem("gpt/none", what, SECTORS[0])
        return
    yield from _protective(source, table)
    last = source.size // table.sector - 1
    if found.first is None:
        what = f"the first header cannot be believed: {found.why_first}"
        mends = _fits(table, source)
        yield Problem("gpt/header", what, table.sector, hint="its backup is whole", mends=mends)
    elif found.backup is None:
        mends = _fits(table, source)
        what = f"the backup in sector {table.other} cannot be believed: {found.why_backup}"
        yield Problem("gpt/backup-missing", what, min(table.other, last) * table.sector, mends=mends)
    else:
        yield from _differences(found.first, found.backup, _fits(table, source))
    if (
        found.first is not None
        and found.first.other != last
        and (found.backup is not None or found.first.other < last)
    ):
        mends = _fits(table, source)
        what = (
            f"the backup lies in sector {found.first.other}, and the last one is {last}: the disk has grown"
        )
        where = found.first.other * table.sector
        yield Problem("gpt/backup-not-at-end", what, where, severity="warning", mends=mends)
    yield from _entries(source, table)


def _protective(source: Source, table: Table) -> Iterator[Problem]:
    """The boot record, which keeps tools that know no GPT away."""
    rows = mbr_table.rows(source.read(0, mbr_table.SECTOR))
    own = [row for row in rows or () if row.kind == mbr_table.PROTECTIVE]
    if not rows or not own:
        if rows:
            what = f"the boot record has {len(rows)} partitions of its own, and none that protects this table"
            hint = "some tool wrote an old table beside this one: see which of them is right"
            yield Problem("gpt/protective-mbr", what, mbr_table.TABLE, hint=hint)
        else:
            what = "there is no protective boot record: old tools take the disk for an empty one"
            yield Problem("gpt/protective-mbr", what, mbr_table.TABLE, mends=True)
        return
    right = (1, min(source.size // table.sector - 1, 0xFFFFFFFF))
    if len(rows) > 1:
        what = f"the boot record is a hybrid one: {len(rows) - len(own)} partitions beside the protective one"
        yield Problem("gpt/protective-mbr", what, mbr_table.TABLE, severity="warning")
    elif (own[0].first, own[0].sectors) not in (right, (1, 0xFFFFFFFF)):
        what = f"the protective partition has {own[0].sectors} sectors from {own[0].first}, not {right[1]} from 1"
        yield Problem("gpt/protective-mbr", what, mbr_table.TABLE, severity="warning", mends=True)


def _differences(first: Table, backup: Table, mends: bool) -> Iterator[Problem]:
    """Where the two tables say different things."""
    pairs = {
        "disk GUID": (first.guid, backup.guid),
        "first usable sector": (first.first, backup.first),
        "last usable sector": (first.last, backup.last),
        "entries": (first.rows, backup.rows),
        "place of the first header": (first.lba, backup.other),
    }
    differing = [name for name, (one, other) in pairs.items() if one != other]
    if differing:
        what = f"the backup differs from the first table: {', '.join(differing)}"
        at = backup.lba * backup.sector
        yield Problem("gpt/backup-differs", what, at, hint="the first is the one that counts", mends=mends)


def _entries(source: Source, table: Table) -> Iterator[Problem]:
    """What is wrong with the partitions."""
    size, entries = table.sector, table.entries()
    end = source.size // size
    last_entries = end - 1 - table.rows_size()
    if table.first < 2 or table.first > table.last + 1 or table.last >= end:
        what = f"partitions may lie in sectors {table.first} to {table.last}, and the disk has {end}"
        yield Problem("gpt/out-of-range", what, table.lba * size + 40)
    seen: dict[int, int] = {}
    for each in entries:
        at = table.entries_at * size + (each.number - 1) * table.entry_size
        if each.last < each.first or each.first < table.first or each.last > min(table.last, last_entries):
            within = f"{table.first} to {table.last}"
            what = f"partition {each.number} has sectors {each.first} to {each.last}, and they are {within}"
            yield Problem("gpt/out-of-range", what, at + 32)
        if not each.guid or each.guid in seen:
            other = f"that of partition {seen[each.guid]}" if each.guid in seen else "all zeros"
            what = f"partition {each.number} has the GUID {gpt_table.guid_text(each.guid)}, {other}"
            yield Problem("gpt/duplicate-uuid", what, at + 16)
        seen.setdefault(each.guid, each.number)
        text, _, rest = each.name.decode("utf-16-le", "replace").partition("\0")
        if "\ufffd" in text or any(letter < " " for letter in text) or rest.strip("\0"):
            what = f"the name of partition {each.number} is no text that ends in zeros: {text!r}"
            yield Problem("gpt/name", what, at + 56, severity="warning")
    by_place = sorted(entries, key=lambda each: each.first)
    reach = None
    for each in by_place:
        if reach is not None and each.first <= reach.last:
            what = f"partitions {reach.number} and {each.number} overlap from sector {each.first} on"
            yield Problem("gpt/overlap", what, each.first * size)
        if reach is None or each.last > reach.last:
            reach = each


def _fits(table: Table, source: Source) -> bool:
    """Whether a backup at the end of the disk would lie on no partition."""
    rows = source.size // table.sector - 1 - table.rows_size()
    return all(each.last < rows for each in table.entries()) and rows > table.first


def repair(target: Target) -> list[str]:
    """Write the protective boot record, and one table from the other, where they are not right."""
    found = find(target)
    table = found.table
    if table is None:
        what = f"neither header can be believed: of the first, {found.why_first}; of the backup, {found.why_backup}"
        hint = (
            "without one of them nothing says where the partitions are: look for their file systems' magics"
        )
        raise fail(what, Where(target.name, address=SECTORS[0]), hint, "gpt/none")
    wrong = {each.code for each in check(target) if each.mends}
    done = []
    if "gpt/protective-mbr" in wrong:
        data = mbr_table.protective(target.size // table.sector)
        target.write(mbr_table.TABLE, data)
        done.append("protective boot record written")
    if wrong & {"gpt/header", "gpt/backup-missing", "gpt/backup-differs", "gpt/backup-not-at-end"}:
        _write_both(target, table)
        source = "backup" if found.first is None else "first table"
        done.append(f"both tables written from the {source}, the backup at the end of the disk")
    return done


def _write_both(target: Target, table: Table) -> None:
    """Write a table in its two places."""
    end = target.size // table.sector
    rows = table.rows_size()
    at_the_end = end - 1 in (table.lba, table.other)
    first = replace(table, lba=1, other=end - 1, last=table.last if at_the_end else end - rows - 2)
    if table.lba != 1:
        first = replace(first, entries_at=_entries_place(target, table))
    backup = first.twin(end - 1, end - 1 - rows)
    for each in (first, backup):
        target.write(each.entries_at * table.sector, each.rows)
        target.write(each.lba * table.sector, each.header().ljust(table.sector, b"\0"))


def _entries_place(target: Target, table: Table) -> int:
    """Where the entries of a lost first header lie: behind it, or, as some boards have it, before the partitions."""
    before = table.first - table.rows_size()
    if before > 2 and target.read(before * table.sector, len(table.rows)) == table.rows:
        return before
    return 2
