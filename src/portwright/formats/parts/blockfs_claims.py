"""Whose each block of a BlockFS image is: one walk over the pointers of each file, whatever they say.

A block of pointers that was walked already is not walked again, so that this ends when the image does.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from portwright.formats.parts.blockfs_change import first_fit, set_bits
from portwright.formats.parts.blockfs_disk import (
    BLOCK,
    DIRECT,
    FIRST_DOUBLE,
    POINTERS,
    Inode,
    ceil,
    runs,
    table,
)
from portwright.formats.parts.blockfs_volume import BlockVolume, all_set


class Trouble(NamedTuple):
    """A run of blocks that a file should not have: `pointer` (no such), `block-twice` (of `other` too), `bit-clear`."""

    code: str
    first: int
    length: int
    other: int = -1


@dataclass(slots=True)
class Claim:
    """What the pointers of one file come to: its blocks, those behind its end, and what is wrong with them."""

    blocks: int = 0
    behind: int = 0
    troubles: list[Trouble] = field(default_factory=list)


class Claims:
    """The owners of all blocks, as far as files were walked."""

    def __init__(self, volume: BlockVolume) -> None:
        self._volume = volume
        self.low, self.high = volume.geometry.first_data, max(volume.limit, volume.geometry.first_data)
        self._owners = array("I", bytes(4 * (self.high - self.low)))
        self.owned = bytearray(ceil(self.high, 8))
        set_bits(self.owned, 0, self.low)

    def raw(self, block: int) -> bytes:
        """The content of a block of a file, whether the kernel loads it or not."""
        return self._volume.source.read(block * BLOCK, BLOCK)

    def owner(self, block: int) -> int:
        """The inode that has a block, -1 where none does."""
        return self._owners[block - self.low] - 1 if self.low <= block < self.high else -1

    def walk(self, number: int, inode: Inode) -> Claim:
        """Give a file its blocks."""
        claim = Claim()
        end = ceil(inode.size, BLOCK)
        self._take_all(number, inode.direct, end, claim)
        if inode.indirect:
            left = end - DIRECT
            self._take_all(number, self._table(number, inode.indirect, claim, left), left, claim)
        if inode.double:
            below = self._table(number, inode.double, claim)
            for index, block in enumerate(below):
                if block:
                    left = end - FIRST_DOUBLE - index * POINTERS
                    self._take_all(number, self._table(number, block, claim, left), left, claim)
        return claim

    def _table(self, number: int, block: int, claim: Claim, count: int = POINTERS) -> Sequence[int]:
        known = len(claim.troubles)
        self._take(number, block, 1, claim)
        if any(trouble.code != "bit-clear" for trouble in claim.troubles[known:]):
            return ()
        return table(self.raw(block), count)

    def _take_all(self, number: int, blocks: Sequence[int], end: int, claim: Claim) -> None:
        at = 0
        for first, count in runs(blocks):
            if first:
                self._take(number, first, count, claim)
                claim.behind += max(0, at + count - max(at, end))
            at += count

    def _take(self, number: int, first: int, count: int, claim: Claim) -> None:
        claim.blocks += count
        low, high = max(first, self.low), min(first + count, self.high)
        if low >= high:
            claim.troubles.append(Trouble("pointer", first, count))
            return
        if low > first:
            claim.troubles.append(Trouble("pointer", first, low - first))
        if high < first + count:
            claim.troubles.append(Trouble("pointer", high, first + count - high))
        for start, length in self._unowned(low, high, claim):
            self._owners[start - self.low : start - self.low + length] = array("I", [number + 1]) * length
            set_bits(self.owned, start, length)
            if not all_set(self._volume.bitmap, start, start + length):
                for part, size in clear_runs(self._volume.bitmap, start, start + length):
                    claim.troubles.append(Trouble("bit-clear", part, size))

    def _unowned(self, low: int, high: int, claim: Claim) -> Iterator[tuple[int, int]]:
        """The parts of a run that nobody has; for the others the trouble is noted."""
        owners = self._owners[low - self.low : high - self.low]
        if not any(owners):
            yield low, high - low
            return
        start = 0
        for at in range(1, len(owners) + 1):
            if at == len(owners) or owners[at] != owners[start]:
                if owners[start]:
                    claim.troubles.append(Trouble("block-twice", low + start, at - start, owners[start] - 1))
                else:
                    yield low + start, at - start
                start = at

    def leaked(self) -> list[tuple[int, int]]:
        """Runs of blocks that are marked as taken and that no file has."""
        size = len(self.owned)
        taken = int.from_bytes(self._volume.bitmap[:size], "little") & ((1 << self.high) - 1)
        lost = taken & ~int.from_bytes(self.owned, "little")
        everything = (1 << 8 * size) - 1
        return clear_runs((lost ^ everything).to_bytes(size, "little"), self.low, self.high) if lost else []

    def free(self, count: int) -> list[int]:
        """The first blocks that are neither marked nor had as far as files were walked, at most `count`."""
        size = len(self.owned)
        taken = int.from_bytes(self._volume.bitmap[:size], "little") | int.from_bytes(self.owned, "little")
        bits = taken.to_bytes(size, "little")
        found = first_fit(bits, self.low, self.high, count)
        return [block for first, length in found for block in range(first, first + length)]

    def grant(self, number: int, count: int) -> list[int]:
        """Free blocks for a file, or none where there are not that many."""
        found = self.free(count)
        if len(found) < count:
            return []
        for block in found:
            self._owners[block - self.low] = number + 1
            set_bits(self.owned, block, 1)
        return found


def clear_runs(bitmap: bytes | bytearray, low: int, high: int) -> list[tuple[int, int]]:
    """Runs of clear bits from `low` up to `high`."""
    return first_fit(bitmap[: ceil(high, 8)], low, high, high - low)
