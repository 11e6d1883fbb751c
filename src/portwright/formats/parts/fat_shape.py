"""Chooses the shape of a FAT volume: which kind, how large its clusters, and with what size a tree fits.

The kinds are known by the number of clusters; a margin of 16 is kept from the limits, since not everybody counts alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from portwright.formats.parts.fat_boot import LIMITS, SECTOR, Geometry
from portwright.formats.parts.fat_names import SLOT

MIB = 1 << 20
MARGIN = 16
COPIES = 2
SIZES = tuple(SECTOR << power for power in range(7))
"""Cluster sizes that every system reads: 512 bytes to 32 KiB."""
PLAIN = 4096
"""The cluster size that is tried first: contents then lie on whole blocks of most disks and file systems."""
LARGE = ((32 << 30, 32768), (16 << 30, 16384), (8 << 30, 8192))
FAT32_FROM = 512 * MIB
ROOT_ENTRIES = 512
MOST_BYTES = 0xFFFFFFFF * SECTOR


@dataclass(slots=True)
class Needs:
    """What a tree needs: the sizes of its files, the slots of its folders and those of its root."""

    files: list[int]
    folders: list[int]
    root: int
    _counted: dict[int, int] = field(default_factory=dict)

    def clusters(self, size: int, wide: bool) -> int:
        """Clusters of `size` bytes for all of it; on FAT32 (`wide`) the root takes some too."""
        found = self._counted.get(size)
        if found is None:
            found = sum(-(-each // size) for each in self.files)
            found += sum(-(-each * SLOT // size) for each in self.folders)
            self._counted[size] = found
        return found + (max(1, -(-self.root * SLOT // size)) if wide else 0)

    @property
    def root_entries(self) -> int:
        """The slots of a root folder that has a place of its own."""
        return max(ROOT_ENTRIES, -(-self.root // 16) * 16)


def geometry(size: int, bits: int, cluster: int, root_entries: int) -> Geometry | None:
    """The geometry of an image of `size` bytes, or None where it would not be of that kind."""
    sectors, per_cluster = size // SECTOR, cluster // SECTOR
    wide = bits == 32
    reserved, entries = (32, 0) if wide else (1, root_entries)
    root = entries * SLOT // SECTOR
    table = before = 0
    while table == 0 or table > before:
        before = max(table, 1)
        clusters = (sectors - reserved - COPIES * before - root) // per_cluster
        table = ((max(clusters, 0) + 2) * bits + 8 * SECTOR - 1) // (8 * SECTOR)
    table = before
    if cluster >= PLAIN:
        reserved += -(reserved + COPIES * table + root) % per_cluster
    found = Geometry(bits, SECTOR, per_cluster, reserved, COPIES, entries, sectors, table)
    least, most = LIMITS[bits]
    least, most = (least + MARGIN if bits > 12 else least), most - MARGIN
    if sectors > 0xFFFFFFFF or not least <= found.said_clusters <= most:
        return None
    return found


def kinds(size: int, variant: int | None) -> tuple[int, ...]:
    """The kinds that an image of that size may be, the one that is usual first."""
    if variant is not None:
        return (variant,)
    if size <= 4 * MIB:
        return (12, 16)
    return (16, 12, 32) if size < FAT32_FROM else (32, 16)


def _clusters(size: int, bits: int) -> Iterator[int]:
    """Cluster sizes in the order in which they are tried."""
    usual = next((cluster for above, cluster in LARGE if size > above and bits == 32), PLAIN)
    if bits == 12:
        usual = SIZES[0]
    yield from (each for each in reversed(SIZES) if each <= usual)
    yield from (each for each in SIZES if each > usual)


def shapes(size: int, variant: int | None, needs: Needs) -> Iterator[Geometry]:
    """Every geometry for an image of that size, the usual one first."""
    for bits in kinds(size, variant):
        if bits == 32 or needs.root_entries <= 0xFFF0:
            for cluster in _clusters(size, bits):
                found = geometry(size, bits, cluster, needs.root_entries)
                if found is not None:
                    yield found


def fits(found: Geometry, needs: Needs) -> bool:
    """Whether a tree has room."""
    return needs.clusters(found.cluster, found.bits == 32) <= found.clusters


def of_size(size: int, variant: int | None, needs: Needs) -> Geometry | None:
    """The first shape of an image of that size in which a tree has room."""
    return next((each for each in shapes(size, variant, needs) if fits(each, needs)), None)


def smallest(variant: int | None, needs: Needs) -> Geometry | None:
    """The usual shape of the smallest image, in whole MiB, in which a tree has room; None above FAT's limits."""
    size = max(-(-needs.clusters(SIZES[0], False) * SIZES[0] // MIB), 1) * MIB
    most = MOST_BYTES if variant is None else min(MOST_BYTES, LIMITS[variant][1] * SIZES[-1] + 64 * MIB)
    while size <= most:
        usual = next(shapes(size, variant, needs), None)
        if usual is not None and fits(usual, needs):
            return usual
        # What is missing is added at once: that a larger volume has larger clusters only makes it more. But not
        # across the size from which on FAT32 is usual, whose clusters are smaller.
        lacking = 0 if usual is None else needs.clusters(usual.cluster, usual.bits == 32) - usual.clusters
        step = max(lacking * usual.cluster // MIB - 1, 1) if usual is not None else 1
        size = min(size + step * MIB, FAT32_FROM) if size < FAT32_FROM else size + step * MIB
    return None
