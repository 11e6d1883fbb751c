"""FAT12, FAT16 and FAT32 volumes with long names: read, laid out, changed in place, checked and mended.

What FAT has no place for is not kept: owners, permissions but whether a file may be written, times finer than two
seconds or before 1980. Links and special files are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from portwright.base.errors import BadInput
from portwright.base.sources import Source
from portwright.formats import Layout, Node, Packing, Problem, Target
from portwright.formats.parts import fat_boot

if TYPE_CHECKING:  # what only some verbs need is imported by them: every verb on images asks every format
    from portwright.formats.parts.fat_edit import FatEditor
    from portwright.formats.parts.fat_volume import FatVolume

HOLDS = "files"
SUMMARY = "FAT12, FAT16 or FAT32 volume, as EFI system partitions are"
FIELDS = ("size", "order", "label", "uuid", "modified", "most", "variant")


def identify(source: Source) -> str | None:
    """What kind of FAT volume this is, or None."""
    if source.size < fat_boot.SECTOR:
        return None
    head = source.read(0, fat_boot.SECTOR)
    try:
        if fat_boot.looks_like(head):
            return f"FAT{fat_boot.read(source).bits} volume"
    except BadInput:
        return "FAT volume, damaged"
    if not any(head):
        from portwright.formats.parts import fat_check

        if fat_check.good_backup(source) is not None:
            return "FAT32 volume, its boot sector wiped"
    return None


def read(source: Source) -> FatVolume:
    """The files of a volume."""
    from portwright.formats.parts.fat_volume import FatVolume

    return FatVolume(source)


def layout(nodes: Iterable[Node], packing: Packing) -> Layout:
    """The image of a tree."""
    from portwright.formats.parts import fat_layout

    return fat_layout.layout(nodes, packing)


def packing(volume: FatVolume) -> Packing:
    """How a volume like this one is made again."""
    geometry = volume.geometry
    return Packing(
        size=volume.source.size,
        order="given",
        label=volume.label(),
        uuid=geometry.serial,
        variant=str(geometry.bits),
    )


def edit(target: Target) -> FatEditor:
    """Changes the files of a volume in place."""
    from portwright.formats.parts.fat_edit import FatEditor

    return FatEditor(target)


def check(source: Source) -> Iterator[Problem]:
    """Everything that is wrong with a volume."""
    from portwright.formats.parts import fat_check

    return fat_check.check(source)


def repair(target: Target) -> list[str]:
    """Mend what can be mended without losing anything; what was done."""
    from portwright.formats.parts import fat_repair

    return fat_repair.repair(target)
