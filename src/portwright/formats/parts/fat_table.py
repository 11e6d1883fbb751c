"""The table of a FAT volume: which cluster follows which. It is read in parts when they are needed, and changed in place.

Changes are kept back until `commit`, so that whoever makes them can still think better of it.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source
from portwright.formats import Target
from portwright.formats.parts.fat_boot import Geometry

PART = 1 << 14
"""Entries that are read at a time."""
FREE = 0
MASK = 0x0FFFFFFF
_CODES = {12: "H", 16: "H", 32: "I"}


def end_mark(bits: int) -> int:
    """The entry of a chain's last cluster; every greater one means the same."""
    return (1 << min(bits, 28)) - 8


def bad_mark(bits: int) -> int:
    """The entry of a cluster that must not be used."""
    return (1 << min(bits, 28)) - 9


def decode(data: bytes, bits: int) -> array[int]:
    """The entries of a stretch of the table (FAT12: one that begins with an even entry)."""
    if bits == 12:
        data += bytes(-len(data) % 3)
        found = array("H")
        for place in range(0, len(data), 3):
            low, middle, high = data[place : place + 3]
            found.append(low | (middle & 15) << 8)
            found.append(middle >> 4 | high << 4)
        return found
    found = array(_CODES[bits], data)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def encode(entries: array[int], bits: int) -> bytes:
    """The bytes of entries (FAT12: an even number of them)."""
    if bits == 12:
        data = bytearray()
        for place in range(0, len(entries), 2):
            first, second = entries[place], entries[place + 1]
            data += bytes((first & 255, first >> 8 | (second & 15) << 4, second >> 4))
        return bytes(data)
    if sys.byteorder == "big":
        entries = entries[:]
        entries.byteswap()
    return entries.tobytes()


class Table:
    """One copy of the table, read when it is needed. Raises `BadInput` for what no chain can hold."""

    def __init__(self, source: Source, geometry: Geometry, copy: int = 0) -> None:
        self.source, self.geometry, self.copy = source, geometry, copy
        self.bits = geometry.bits
        self.end, self.bad = end_mark(self.bits), bad_mark(self.bits)
        self._parts: dict[int, array[int]] = {}
        self._changes: dict[int, int] = {}

    def _part(self, number: int) -> array[int]:
        found = self._parts.get(number)
        if found is None:
            start = number * PART
            count = min(PART, self.geometry.highest + 1 - start)
            size = (count * self.bits + 7) // 8
            found = decode(self.source.read(self.address(start), size), self.bits)
            self._parts[number] = found
        return found

    def address(self, cluster: int) -> int:
        """Where a cluster's entry lies."""
        return self.geometry.table_at(self.copy) + cluster * self.bits // 8

    def __getitem__(self, cluster: int) -> int:
        if cluster in self._changes:
            return self._changes[cluster]
        return self._part(cluster // PART)[cluster % PART] & MASK

    def __setitem__(self, cluster: int, value: int) -> None:
        self._changes[cluster] = value

    def entries(self, number: int) -> array[int]:
        """All entries of a part (see `PART`) as they lie in the image, for those who look at all of them."""
        return self._part(number)[: self.geometry.highest + 1 - number * PART]

    def chain(self, first: int, most: int) -> Iterator[int]:
        """The clusters of a chain, `most` of them at most; raises where it leads nowhere, or into itself."""
        highest, end, changes = self.geometry.highest, self.end, self._changes
        limit = left = min(most, self.geometry.clusters)
        cluster, before, current = first, None, -1
        part: array[int] = array("I")
        while cluster < end:
            if not 2 <= cluster <= highest:
                raise self._astray(before, cluster)
            if not left:
                if limit == most:
                    return
                raise self.fault("this chain of clusters leads into itself", before, "fat/chain-cycle")
            yield cluster
            left -= 1
            before = cluster
            if cluster // PART != current:
                current = cluster // PART
                part = self._part(current)
            cluster = part[cluster % PART] & MASK
            if changes:
                cluster = changes.get(before, cluster)

    def whole(self, first: int) -> list[int]:
        """All clusters of a chain."""
        return list(self.chain(first, self.geometry.clusters + 1))

    def runs(self, first: int, most: int) -> Iterator[tuple[int, int]]:
        """(first cluster, how many) of the runs of a chain, `most` clusters in all; raises where there are fewer."""
        start = count = 0
        for cluster in self.chain(first, most):
            most -= 1
            if count and cluster == start + count:
                count += 1
                continue
            if count:
                yield start, count
            start, count = cluster, 1
        if count:
            yield start, count
        if most:
            what = f"this chain of clusters is {most} shorter than its file"
            raise self.fault(what, start + count - 1 if count else None, "fat/size-short")

    def _astray(self, before: int | None, cluster: int) -> BadInput:
        what = (
            "a free cluster" if not cluster else "a bad one" if cluster == self.bad else f"cluster {cluster}"
        )
        if before is None:
            return self.fault(f"a file is said to begin in {what}, which is none", None, "fat/first-cluster")
        return self.fault(f"the cluster after {before} is said to be {what}", before, "fat/bad-cluster")

    def fault(self, what: str, cluster: int | None, code: str) -> BadInput:
        """An error about a cluster's entry."""
        where = Where(self.source.name, address=None if cluster is None else self.address(cluster))
        return fail(what, where, "`check` says all that is wrong with the volume", code)

    # changes

    def free(self, start: int) -> Iterator[int]:
        """The free clusters, from `start` on and then those before it. Do not change the table meanwhile."""
        start = start if 2 <= start <= self.geometry.highest else 2
        yield from self._free(start, self.geometry.highest + 1)
        yield from self._free(2, start)

    def _free(self, start: int, end: int) -> Iterator[int]:
        while start < end:
            number, place = divmod(start, PART)
            part = self._part(number)
            limit = min(len(part), end - number * PART)
            try:
                while True:
                    place = part.index(FREE, place, limit)
                    cluster = number * PART + place
                    if cluster not in self._changes:
                        yield cluster
                    place += 1
            except ValueError:
                pass
            yield from sorted(
                each
                for each, value in self._changes.items()
                if value == FREE and start <= each < number * PART + limit and part[each % PART] & MASK
            )
            start = number * PART + limit

    def discard(self) -> None:
        """Forget the changes."""
        self._changes.clear()

    def commit(self, target: Target) -> None:
        """Write the changes into every copy of the table."""
        changed = sorted(self._changes)
        for cluster in changed:
            part = self._part(cluster // PART)
            part[cluster % PART] = part[cluster % PART] & ~MASK | self._changes[cluster]
        self._changes.clear()
        for start, count in _spans(changed):
            part, place = self._part(start // PART), start % PART
            begin = start * self.bits // 8
            data = encode(part[place : place + count], self.bits)[: self.geometry.table_size - begin]
            for copy in range(self.geometry.copies):
                target.write(self.geometry.table_at(copy) + begin, data)


def _spans(clusters: Iterable[int]) -> Iterator[tuple[int, int]]:
    """(start, count) of stretches that cover the clusters; even, and none reaches from one part into another."""
    start = end = 0
    for cluster in clusters:
        low = cluster & ~1
        if end > start and low - end <= 64 and low // PART == start // PART:
            end = low + 2
            continue
        if end > start:
            yield start, end - start
        start, end = low, low + 2
    if end > start:
        yield start, end - start
