"""Everything that is wrong with a FAT volume, and the order in which it should be mended."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from portwright.base.errors import BadInput
from portwright.base.sources import AT_ONCE, Source
from portwright.formats import Problem
from portwright.formats.parts import fat_boot, fat_table
from portwright.formats.parts.fat_finding import Finding, error, mended, warning
from portwright.formats.parts.fat_layout import MOST_FILE
from portwright.formats.parts.fat_survey import Survey

_CLEAN = {16: 0xC000, 32: 0x0C000000}
"""Bits of the table's second entry that are set while the volume is not in use and no error was met."""


def check(source: Source) -> Iterator[Problem]:
    """Everything that is wrong with a volume."""
    try:
        geometry = fat_boot.read(source)
    except BadInput as bad:
        backup = good_backup(source)
        for fault in bad.faults:
            hint = "its backup is whole" if backup is not None else fault.hint or ""
            address = fault.where.address if fault.where else None
            yield Problem(
                fault.code or "fat/boot-sector", fault.what, address, hint=hint, mends=backup is not None
            )
        return
    try:
        for finding in Examination(source, geometry).findings():
            yield finding.problem
    except BadInput as bad:
        for fault in bad.faults:
            yield Problem(
                fault.code or "fat/damaged", fault.what, fault.where.address if fault.where else None
            )


def good_backup(source: Source) -> int | None:
    """Where a whole backup of FAT32's boot sector lies: in sector 6, as everybody puts it."""
    for sector in (512, 1024, 2048, 4096):
        at = 6 * sector
        if at + fat_boot.SECTOR > source.size:
            return None
        if fat_boot.looks_like(source.read(at, fat_boot.SECTOR)):
            try:
                found = fat_boot.read(source, at)
            except BadInput:
                return None
            return at if found.bits == 32 and found.backup_sector * found.sector == at else None
    return None


class Examination:
    """A survey, and what is around it: boot sectors, copies of the table, counts and marks."""

    def __init__(self, source: Source, geometry: fat_boot.Geometry) -> None:
        self.source, self.geometry = source, geometry
        self.survey = Survey(source, geometry)
        self.table = self.survey.table
        self.wide = geometry.bits == 32
        self.free = 0
        self.errors = 0

    def findings(self) -> Iterator[Finding]:
        """All that is wrong, in the order in which it should be mended."""
        tree = self.survey.tree
        for part in (self._boot, self._copies, tree, self._lost, self._info, self._label, self._dirty):
            for finding in part():
                self.errors += finding.problem.severity == "error" and not finding.problem.mends
                yield finding

    def _boot(self) -> Iterator[Finding]:
        geometry, head = self.geometry, self.source.read(0, fat_boot.SECTOR)
        if head[510:512] != fat_boot.SIGNATURE:
            what = "the boot sector does not end in 55 aa"
            yield mended(
                "fat/boot-signature", what, 510, "boot signature written", [(510, fat_boot.SIGNATURE)]
            )
        end = geometry.sectors * geometry.sector
        if end > self.source.size:
            what = f"the volume should end at {end:#x}, and the file ends at {self.source.size:#x}"
            yield error("fat/cut-off", what, self.source.size, hint="the file was cut off: take a whole copy")
        if geometry.said_clusters > geometry.clusters:
            what = f"the table has room for {geometry.clusters} of the {geometry.said_clusters} clusters"
            yield error("fat/table-size", what, 36)
        if self.wide and geometry.clusters < fat_boot.LIMITS[32][0]:
            what = f"with {geometry.clusters} clusters some systems take this FAT32 volume for FAT16"
            yield warning(
                "fat/cluster-count", what, 13, hint="make it anew: FAT32 has at least 65525 clusters"
            )
        yield from self._backup(head)
        media = self.table[0] & 0xFF
        if media != geometry.media:
            what = f"the table says that the medium is {media:#x}, the boot sector {geometry.media:#x}"
            entry = {0: self.table[0] & ~0xFF | geometry.media}
            address = self.table.address(0)
            yield mended("fat/media", what, address, "medium in the table set", entries=entry)

    def _backup(self, head: bytes) -> Iterator[Finding]:
        """FAT32 keeps a copy of the boot sector."""
        geometry = self.geometry
        at = geometry.backup_sector * geometry.sector
        if not self.wide or not 0 < geometry.backup_sector < geometry.reserved:
            return
        flag = geometry.dirty_at
        copy = self.source.read(at, fat_boot.SECTOR)
        if copy[:flag] + copy[flag + 1 :] != head[:flag] + head[flag + 1 :]:
            what = "the backup of the boot sector differs from the boot sector"
            yield mended("fat/backup-boot", what, at, "backup of the boot sector written anew", [(at, head)])

    def _copies(self) -> Iterator[Finding]:
        geometry = self.geometry
        size = -(-(geometry.highest + 1) * geometry.bits // 8)
        for copy in range(1, geometry.copies):
            for start in range(0, size, AT_ONCE):
                length = min(AT_ONCE, size - start)
                first = self.source.read(geometry.table_at(0) + start, length)
                other = self.source.read(geometry.table_at(copy) + start, length)
                if first != other:
                    place = next(at for at in range(length) if first[at] != other[at])
                    yield self._copies_differ(copy, geometry.table_at(copy) + start + place)
                    return

    def _copies_differ(self, copy: int, address: int) -> Finding:
        good = [each for each in (0, copy) if _is_sound(self.source, each)]
        what = f"copy {copy + 1} of the table differs from the first"
        if not good:
            return error("fat/copies-differ", what, address, hint="neither of them is without errors")
        hint = f"with copy {good[0] + 1} all files are whole"
        found = mended(
            "fat/copies-differ", what, address, f"copy {good[0] + 1} of the table written over the others"
        )
        found.problem = Problem("fat/copies-differ", what, address, hint=hint, mends=True)
        found.from_copy = good[0]
        return found

    def _lost(self) -> Iterator[Finding]:
        """Chains that belong to no file: those that end well can become files."""
        lost = array("I")
        for start in range(0, self.geometry.highest + 1, fat_table.PART):
            entries = self.table.entries(start // fat_table.PART)
            if start and not any(entries):
                self.free += len(entries)
                continue
            for place, value in enumerate(entries):
                cluster = start + place
                value &= fat_table.MASK
                if not value:
                    self.free += cluster >= 2
                elif cluster >= 2 and not self.survey.owners[cluster] and value != self.table.bad:
                    lost.append(cluster)
        if not lost:
            return
        rescued, left = self._chains(lost)
        if rescued:
            count = sum(each for _, each in rescued)
            what = f"{count} clusters in {len(rescued)} chains are in use, and belong to no file"
            done = f"{len(rescued)} lost chains made into files of the root folder"
            found = mended("fat/lost-clusters", what, self.table.address(rescued[0][0]), done)
            found.rescued = rescued
            yield found
        if left:
            what = f"{len(left)} clusters are in use, belong to no file, and are no chain that ends"
            yield error("fat/lost-clusters", what, self.table.address(left[0]))

    def _chains(self, lost: array[int]) -> tuple[list[tuple[int, int]], list[int]]:
        """(chains that begin and end well: first cluster and how many; the other clusters) of those that are lost."""
        following = {cluster: self.table[cluster] for cluster in lost}
        pointed = set(following.values())
        left = dict.fromkeys(lost)
        rescued, seen = [], set()
        for head in lost:
            if head in pointed:
                continue
            chain, after = [], head
            while after in left and after not in seen:
                seen.add(after)
                chain.append(after)
                after = following[after]
            if after >= self.table.end and len(chain) * self.geometry.cluster <= MOST_FILE:
                rescued.append((head, len(chain)))
                for cluster in chain:
                    left.pop(cluster)
        return rescued, list(left)

    def _info(self) -> Iterator[Finding]:
        geometry = self.geometry
        at = geometry.info_sector * geometry.sector
        if not self.wide or not 0 < geometry.info_sector < geometry.reserved:
            return
        found = fat_boot.read_info(self.source, geometry)
        right = [(at, fat_boot.info_sector(self.free, fat_boot.UNKNOWN))]
        if found is None:
            yield mended(
                "fat/fsinfo",
                "the sector of counts is damaged",
                at,
                "sector of counts written anew",
                right,
                mild=True,
            )
            return
        _, free, following = found
        if free not in (self.free, fat_boot.UNKNOWN):
            what = f"{free} clusters are said to be free, and {self.free} are"
            yield mended(
                "fat/free-count", what, at + 488, "number of free clusters set right", right, mild=True
            )
        elif following != fat_boot.UNKNOWN and not 2 <= following <= geometry.highest:
            what = f"the next free cluster is said to be {following}, which does not exist"
            yield mended("fat/fsinfo", what, at + 492, "next free cluster set to unknown", right, mild=True)

    def _label(self) -> Iterator[Finding]:
        said = self.geometry.label
        if self.survey.label is not None and said and said != self.survey.label:
            what = f"the boot sector calls the volume {said!r}, the root folder {self.survey.label!r}"
            at = self.geometry.label_at
            yield mended(
                "fat/label", what, at, "label in the boot sector set", [(at, self.survey.label)], mild=True
            )

    def _dirty(self) -> Iterator[Finding]:
        clean = _CLEAN.get(self.geometry.bits, 0)
        if not self.geometry.dirty and self.table[1] & clean == clean:
            return
        at = self.geometry.dirty_at
        what = "the volume is marked as one that was not put away properly, or had an error"
        if self.errors:
            yield warning("fat/dirty", what, at)
            return
        writes = [(at, bytes([self.source.read(at, 1)[0] & ~1]))]
        entries = {1: self.table[1] | clean} if clean else {}
        yield mended(
            "fat/dirty", what, at, "mark of an unclean volume taken away", writes, entries, mild=True
        )


def _is_sound(source: Source, copy: int) -> bool:
    """Whether by one copy of the table every file is whole."""
    try:
        return not any(
            found.problem.severity == "error" for found in Survey(source, fat_boot.read(source), copy).tree()
        )
    except BadInput:
        return False
