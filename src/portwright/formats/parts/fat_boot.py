"""The boot sector of a FAT volume: where its tables, its root folder and its clusters lie, read and written.

Which of the three kinds a volume is, Linux, fsck.fat and EDK2 decide alike: FAT32 where the old field of the table's
size is 0, else FAT12 below 4085 clusters and FAT16 from there on.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from portwright.base.errors import Fault, Where, raise_if
from portwright.base.sources import Source

SECTOR = 512
"""The sector size of what is made here; volumes with sectors of up to 4096 bytes are read."""
MEDIA = 0xF8
SIGNATURE = b"\x55\xaa"
INFO_SIGNATURES = (0x41615252, 0x61417272, 0xAA550000)
COUNTS = 488
"""Where in that sector its two numbers are."""
UNKNOWN = 0xFFFFFFFF
LIMITS = {12: (1, 4084), 16: (4085, 65524), 32: (65525, 0x0FFFFFF5)}
"""Of each kind, the least and the greatest number of clusters by which everybody knows it."""

_BPB = struct.Struct("<3s8sHBHBHHBHHHII")
_TAIL = struct.Struct("<BBBI11s8s")
_FAT32 = struct.Struct("<IHHIHH12x")
_INFO = struct.Struct("<I480xIII12xI")
_HALT = b"\xcd\x18\xf4\xeb\xfd"  # int 0x18: no system here, go on with the next disk; then halt


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where everything of a volume lies. Sizes are in sectors where their name does not say otherwise."""

    bits: int
    sector: int
    cluster_sectors: int
    reserved: int
    copies: int
    root_entries: int
    sectors: int
    table_sectors: int
    media: int = MEDIA
    root_cluster: int = 0
    info_sector: int = 0
    backup_sector: int = 0
    serial: int = 0
    label: bytes = b""
    dirty: bool = False

    @property
    def cluster(self) -> int:
        """The bytes of a cluster."""
        return self.cluster_sectors * self.sector

    @property
    def table_size(self) -> int:
        """The bytes of one copy of the table."""
        return self.table_sectors * self.sector

    def table_at(self, copy: int) -> int:
        """The address of a copy of the table."""
        return (self.reserved + copy * self.table_sectors) * self.sector

    @property
    def root_at(self) -> int:
        """The address of the root folder of FAT12 and FAT16."""
        return self.table_at(self.copies)

    @property
    def root_size(self) -> int:
        """The bytes of the root folder of FAT12 and FAT16."""
        return self.root_entries * 32

    @property
    def data_at(self) -> int:
        """The address of cluster 2."""
        root = -(-self.root_size // self.sector)
        return self.root_at + root * self.sector

    @property
    def clusters(self) -> int:
        """How many clusters there are: those of the data area that the table has entries for."""
        return min(self.said_clusters, self.table_size * 8 // self.bits - 2)

    @property
    def said_clusters(self) -> int:
        """How many clusters the data area has room for."""
        return (self.sectors - self.data_at // self.sector) // self.cluster_sectors

    @property
    def highest(self) -> int:
        """The number of the last cluster."""
        return self.clusters + 1

    def cluster_at(self, number: int) -> int:
        """The address of a cluster."""
        return self.data_at + (number - 2) * self.cluster

    @property
    def label_at(self) -> int:
        """The address of the label in the boot sector."""
        return 71 if self.bits == 32 else 43

    @property
    def dirty_at(self) -> int:
        """The address of the byte that says whether the volume was left in use."""
        return 65 if self.bits == 32 else 37


def looks_like(head: bytes) -> bool:
    """Whether a sector is a FAT volume's first, by the fields that no other boot sector fills like this."""
    if len(head) < SECTOR or head[510:512] != SIGNATURE or head[0] not in (0xEB, 0xE9):
        return False
    _, _, sector, per_cluster, reserved, copies, entries, small, media, old, *_, large = _BPB.unpack_from(
        head
    )
    return (
        sector in (512, 1024, 2048, 4096)
        and per_cluster.bit_count() == 1
        and reserved > 0
        and 0 < copies <= 8
        and media >= 0xF0
        and bool(small or large)
        and bool(entries) == bool(old)
    )


def read(source: Source, at: int = 0) -> Geometry:
    """The geometry that the boot sector at an address says; raises `BadInput` with all that is wrong with it."""
    head = source.read(at, SECTOR)
    fields = _BPB.unpack_from(head)
    _, _, sector, per_cluster, reserved, copies, entries, small, media, old, _, _, _, large = fields
    tail, large_table, root, info, backup = 36, 0, 0, 0, 0
    if not old:
        large_table, _, _, root, info, backup = _FAT32.unpack_from(head, 36)
        tail = 64
    _, dirty, extended, serial, label, _ = _TAIL.unpack_from(head, tail)
    if extended not in (0x28, 0x29):
        serial, label, dirty = 0, b"", 0
    faults = list(_field_faults(source, at, fields))
    raise_if(faults)
    found = Geometry(
        32, sector, per_cluster, reserved, copies, entries, small or large, old or large_table, media, root
    )
    bits = 32 if not old else 12 if found.said_clusters <= LIMITS[12][1] else 16
    found = Geometry(
        bits, sector, per_cluster, reserved, copies, entries, small or large, old or large_table, media, root,
        info, backup, serial, label if extended == 0x29 else b"", bool(dirty & 1),
    )  # fmt: skip
    raise_if(_whole_faults(source, at, found))
    return found


def _field_faults(source: Source, at: int, fields: tuple[int, ...]) -> list[Fault]:
    """What is wrong with the fields, each by itself."""
    _, _, sector, per_cluster, reserved, copies, entries, small, _, old, _, _, _, large = fields
    wrong = []
    if sector not in (512, 1024, 2048, 4096):
        wrong.append((f"sectors of {sector} bytes", 11))
    elif entries * 32 % sector:
        wrong.append((f"a root folder of {entries} entries, which is no whole number of sectors", 17))
    if per_cluster.bit_count() != 1:
        wrong.append((f"clusters of {per_cluster} sectors", 13))
    if not reserved:
        wrong.append(("no reserved sectors, not even this one", 14))
    if not 0 < copies <= 8:
        wrong.append((f"{copies} copies of the table", 16))
    if not small and not large:
        wrong.append(("a volume of 0 sectors", 32))
    if bool(old) != bool(entries):
        has = "no root folder" if old else "both a root folder of its own and the table of FAT32"
        wrong.append((has, 17))
    hint = "this is no FAT volume, or its boot sector is damaged"
    return [_fault(f"the boot sector says: {what}", source, at + place, hint) for what, place in wrong]


def _whole_faults(source: Source, at: int, found: Geometry) -> list[Fault]:
    """What is wrong with the fields as they go together."""
    if not found.table_sectors:
        return [_fault("the boot sector says: a table of 0 sectors", source, at + 36)]
    if found.data_at // found.sector + found.cluster_sectors > found.sectors:
        return [_fault(f"the volume's {found.sectors} sectors have no room for a cluster", source, at + 32)]
    if found.data_at > source.size:
        what = f"the tables and the root folder end at {found.data_at:#x}, the file at {source.size:#x}"
        return [_fault(what, source, at, "the file was cut off", "fat/cut-off")]
    most = LIMITS[found.bits][1]
    if found.clusters < 1 or found.clusters > most:
        what = f"{found.clusters} clusters, and FAT{found.bits} has at least one and at most {most}"
        return [_fault(what, source, at + 32, None, "fat/cluster-count")]
    if found.bits == 32 and not 2 <= found.root_cluster <= found.highest:
        what = f"the root folder is said to be in cluster {found.root_cluster}, which does not exist"
        return [_fault(what, source, at + 44)]
    return []


def _fault(
    what: str, source: Source, at: int, hint: str | None = None, code: str = "fat/boot-sector"
) -> Fault:
    return Fault(what, Where(source.name, address=at), hint, code)


def boot_sector(geometry: Geometry) -> bytes:
    """The first sector of a volume."""
    wide = geometry.bits == 32
    track = next(
        each for each in (32, 16, 8, 4, 2, 1) if geometry.sectors % each == 0
    )  # mtools insist on that
    small = geometry.sectors if geometry.sectors < 0x10000 and not wide else 0
    head = _BPB.pack(
        b"\xeb\x58\x90" if wide else b"\xeb\x3c\x90",
        b"MSWIN4.1",  # some systems look at this name before they believe the rest
        geometry.sector,
        geometry.cluster_sectors,
        geometry.reserved,
        geometry.copies,
        geometry.root_entries,
        small,
        geometry.media,
        0 if wide else geometry.table_sectors,
        track,
        64,
        0,
        0 if small else geometry.sectors,
    )
    if wide:
        numbers = (geometry.table_sectors, 0, 0, geometry.root_cluster)
        head += _FAT32.pack(*numbers, geometry.info_sector, geometry.backup_sector)
    kind = f"FAT{geometry.bits}".encode().ljust(8)
    head += _TAIL.pack(0x80, 0, 0x29, geometry.serial, geometry.label or b"NO NAME    ", kind) + _HALT
    return head.ljust(510, b"\0") + SIGNATURE


def info_sector(free: int, following: int) -> bytes:
    """FAT32's sector of counts: free clusters, and where to look for the next."""
    first, second, last = INFO_SIGNATURES
    return _INFO.pack(first, second, free, following, last)


def read_info(source: Source, geometry: Geometry) -> tuple[int, int, int] | None:
    """(address, free clusters, next) of FAT32's counts, or None where there are none."""
    at = geometry.info_sector * geometry.sector
    if geometry.bits != 32 or not 0 < geometry.info_sector < geometry.reserved:
        return None
    first, second, free, following, last = _INFO.unpack(source.read(at, SECTOR))
    if (first, second, last) != INFO_SIGNATURES:
        return None
    return at, free, following
