"""Mends of a FAT volume what can be mended without losing anything: the changes that a check found, applied."""

from __future__ import annotations

import itertools

from portwright.base.errors import BadInput
from portwright.base.sources import AT_ONCE
from portwright.formats import Target
from portwright.formats.parts import fat_boot, fat_check, fat_names
from portwright.formats.parts.fat_edit import FatEditor
from portwright.formats.parts.fat_finding import Finding
from portwright.formats.parts.fat_table import Table

PASSES = 5
"""How often the volume is gone through: what one pass mends can bring to light what the next one does."""


def repair(target: Target) -> list[str]:
    """Mend a volume; what was done."""
    done: list[str] = []
    try:
        fat_boot.read(target)
    except BadInput:
        backup = fat_check.good_backup(target)
        if backup is None:
            raise
        target.write(0, target.read(backup, fat_boot.SECTOR))
        done.append("boot sector written anew from its backup")
    for _ in range(PASSES):
        geometry = fat_boot.read(target)
        found = [each for each in fat_check.Examination(target, geometry).findings() if each.problem.mends]
        copies = [each for each in found if each.from_copy is not None]
        for finding in copies or found:  # with another table much of the rest looks otherwise
            if _apply(target, geometry, finding):
                done.append(_said(finding))
        if not found:
            break
    return done


def _apply(target: Target, geometry: fat_boot.Geometry, finding: Finding) -> bool:
    """Make one change; whether it could be made."""
    for at, data in finding.writes:
        target.write(at, data)
    if finding.entries:
        table = Table(target, geometry)
        for cluster, value in finding.entries.items():
            table[cluster] = value
        table.commit(target)
    if finding.from_copy is not None:
        _copy_table(target, geometry, finding.from_copy)
    return _rescue(target, finding.rescued) if finding.rescued else True


def _copy_table(target: Target, geometry: fat_boot.Geometry, good: int) -> None:
    """Lay one copy of the table over the others."""
    for start in range(0, geometry.table_size, AT_ONCE):
        data = target.read(geometry.table_at(good) + start, min(AT_ONCE, geometry.table_size - start))
        for copy in range(geometry.copies):
            if copy != good:
                target.write(geometry.table_at(copy) + start, data)


def _rescue(target: Target, chains: list[tuple[int, int]]) -> bool:
    """Give chains without a file a name in the root folder, as fsck does; False where not all have room there."""
    editor = FatEditor(target)
    size = editor.geometry.cluster
    numbers = (number for number in itertools.count() if editor.volume.lookup(_name(number)) is None)
    for first, count in chains:
        row = fat_names.slot(bytes(11), 0, (fat_names.ARCHIVE, first, min(count * size, 0xFFFFFFFF), 0))
        try:
            editor.adopt(_name(next(numbers)), row)
        except BadInput:
            return False
    return True


def _name(number: int) -> bytes:
    return f"FSCK{number:04}.REC".encode()


def _said(finding: Finding) -> str:
    path = finding.problem.path.decode("utf-8", "replace")
    return f"/{path}: {finding.done}" if path else finding.done
