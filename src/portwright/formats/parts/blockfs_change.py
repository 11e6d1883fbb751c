"""One change of a BlockFS image: gathered in memory until all of it is known to be possible, then written.

Blocks and inodes are taken as the kernel takes them, the first that is free; both counters are counted anew.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source
from portwright.formats import Target
from portwright.formats.parts.blockfs_directory import Folder, Full, oddities
from portwright.formats.parts.blockfs_disk import (
    BLOCK,
    DIRECT,
    INODES_PER_BLOCK,
    POINTERS,
    Inode,
    blocks_of,
    ceil,
    pointers,
    runs,
    steps,
    table,
)
from portwright.formats.parts.blockfs_rules import shown
from portwright.formats.parts.blockfs_volume import BlockVolume

_FREE = re.compile(rb"\0+|[^\xff]", re.DOTALL)
_DAMAGED = (
    "look at it with `image check`, and mend it with `image check --repair`, before anything is changed"
)


class Change:
    """What is to be different; `commit` writes it."""

    def __init__(self, volume: BlockVolume, target: Target, used: bytearray) -> None:
        self.volume, self.target, self.used = volume, target, used
        self._bitmap = bytearray(volume.bitmap)
        self._free = self._available()
        self._freed: list[tuple[int, int]] = []
        self._inodes: dict[int, Inode] = {}
        self._folders: dict[int, Folder] = {}
        self._writes: list[tuple[int, bytes]] = []
        self._copies: list[tuple[int, Source, int, int]] = []

    # inodes

    def inode(self, number: int) -> Inode:
        """An inode as it is by now."""
        found = self._inodes.get(number) or self.volume.inode(number)
        return found if found is not None else Inode()

    def put(self, number: int, inode: Inode) -> None:
        """Change an inode."""
        self._inodes[number] = inode

    def take_inode(self) -> int:
        """The first free inode; raises `BadInput` where there is none."""
        number = self.used.find(0, 1)
        if number < 0:
            what = f"all {len(self.used):,} inodes are taken"
            raise self.bad(what, "inodes", "remove something, or pack the tree anew with more inodes")
        return number

    def release(self, number: int) -> None:
        """Take a name from a file; with the last one its blocks and its inode go."""
        inode = self.inode(number)
        if inode.links > 1 and inode.kind != "directory":
            self.put(number, inode.but(links=inode.links - 1))
        else:
            self.drop_content(inode)
            self.put(number, Inode())

    def count_link(self, number: int, by: int) -> None:
        """Let a file or folder have more or fewer links."""
        inode = self.inode(number)
        if not 0 < inode.links + by <= 0xFFFF:
            raise self.bad(f"it would have {inode.links + by} links, and there are 16 bits for them", "links")
        self.put(number, inode.but(links=inode.links + by))

    # blocks

    def drop_content(self, inode: Inode) -> None:
        """Give a file's blocks back."""
        for first, count in _owned(self.volume, inode):
            found = list(self.volume.loaded(first, count))
            if first < self.volume.geometry.first_data or found != [(first, count)]:
                what = f"a file has the blocks {first} to {first + count - 1}, which are no file's to have"
                raise self.bad(what, "damaged", _DAMAGED)
            self._freed.append((first, count))

    def take_blocks(self, count: int) -> Sequence[int]:
        """The first free blocks; those that this change gives back only where others do not suffice."""
        if count > self._free:
            self._give_back()
        if count > self._free:
            missing = (count - self._free) * BLOCK
            what = f"it takes {count * BLOCK:,} bytes in blocks, {missing:,} more than are free"
            raise self.bad(
                what, "does-not-fit", "remove something, or pack the tree anew into a larger image"
            )
        found = first_fit(self._bitmap, _first(self.volume), self.volume.limit, count)
        for first, length in found:
            set_bits(self._bitmap, first, length)
        self._free -= count
        if len(found) == 1:
            return range(found[0][0], found[0][0] + count)
        return [block for first, length in found for block in range(first, first + length)]

    def _give_back(self) -> None:
        for first, count in self._freed:
            clear_bits(self._bitmap, first, count)
        self._freed.clear()
        self._free = self._available()

    def _available(self) -> int:
        """Clear bits where a file can have a block: behind the tables, and inside the image."""
        low, high = _first(self.volume), self.volume.limit
        bits = (int.from_bytes(self._bitmap, "little") & ((1 << max(high, low)) - 1)) >> low
        return max(high - low, 0) - bits.bit_count()

    # content

    def store(self, inode: Inode, content: Source) -> Inode:
        """The inode with this content, in blocks of its own."""
        count = ceil(content.size, BLOCK)
        blocks = self.take_blocks(blocks_of(count))
        inode = inode.but(size=content.size, blocks=len(blocks), indirect=0, double=0)
        inode.direct = (*blocks[: min(count, DIRECT)], *(0,) * (DIRECT - count))
        if count > DIRECT:
            inode.indirect = blocks[DIRECT]
        if count > DIRECT + POINTERS:
            inode.double = blocks[DIRECT + POINTERS + 1]
        done = 0
        for pointing, part in steps(blocks, count):
            if pointing:
                self._writes.append((pointing * BLOCK, pointers(part)))
                continue
            for first, length in runs(part):
                size = min(length * BLOCK, content.size - done)
                self._copies.append((first * BLOCK, content, done, size))
                done += size
                if size % BLOCK:  # what lay there before would come to light when the file grows
                    self._writes.append((first * BLOCK + size, bytes(-size % BLOCK)))
        return inode

    # folders

    def folder(self, number: int, path: bytes) -> Folder:
        """A directory's records; raises `BadInput` where they are not as they should be."""
        if number not in self._folders:
            inode = self.volume.inode(number) or Inode()
            blocks = _leading(inode)
            data = b"".join(self.volume.block(block) for block in blocks)
            for odd in oddities(data, inode.size):
                at = blocks[odd.at // BLOCK] * BLOCK + odd.at % BLOCK if odd.at < len(data) else 0
                hint = "`image check --repair` lays the records anew; until then nothing here is changed"
                what = f"{shown(path)}: {odd.what}"
                raise fail(what, Where(self.volume.source.name, address=at), hint, f"blockfs/{odd.code}")
            self._folders[number] = Folder(data, inode.size)
        return self._folders[number]

    def insert(self, number: int, path: bytes, name: bytes, meaning: tuple[int, int], spare: int = 0) -> None:
        """Add a name (`meaning`: inode and type) to a folder, leaving `spare` blocks free."""
        folder = self.folder(number, path)
        if name in folder.names:
            what = f"{shown(path)} has a name {shown(name)[1:]}, which means an inode that is not there"
            raise self.bad(what, "lost-inode", _DAMAGED)
        room = self._free + sum(count for _, count in self._freed) > spare
        try:
            folder.insert(name, *meaning, may_grow=room)
        except Full:
            what = (
                f"{shown(path)} is full: its {len(folder.names):,} names take all the blocks that it can have"
            )
            hint = "the kernel looks at the first 48 KiB of a folder: put the file into another"
            raise self.bad(what, "folder-full" if room else "does-not-fit", hint) from None
        inode = self.inode(number)
        blocks, wanted = _leading(inode), len(folder.data) // BLOCK
        if wanted > len(blocks):
            blocks += self.take_blocks(wanted - len(blocks))
        for block in blocks[wanted:]:
            self._freed.append((block, 1))
        changed = inode.but(size=folder.size, blocks=inode.blocks + wanted - len(_leading(inode)))
        changed.direct = (*blocks[:wanted], *(0,) * (DIRECT - wanted))
        self.put(number, changed)

    # writing

    def commit(self) -> None:
        """Write everything."""
        volume, target = self.volume, self.target
        self._give_back()
        for copy in self._copies:
            target.copy(*copy)
        for write in self._writes:
            target.write(*write)
        for number, folder in self._folders.items():
            direct = self.inode(number).direct
            for index in sorted(folder.changed):
                block = bytes(folder.data[index * BLOCK : (index + 1) * BLOCK])
                target.write(direct[index] * BLOCK, block)
        for number, inode in self._inodes.items():
            data = inode.pack()
            target.write(volume.geometry.inode_at(number), data)
            volume.put_inode(number, data)
            self.used[number] = inode.links > 0
        write_bitmap(volume, target, self._bitmap)
        write_counters(volume, target, self.used)

    def bad(self, what: str, code: str, hint: str | None = None) -> BadInput:
        """An error about this image."""
        return fail(what, Where(self.volume.source.name), hint, f"blockfs/{code}")


def used_inodes(volume: BlockVolume) -> bytearray:
    """For each inode that there is, whether it is taken."""
    used = bytearray()
    for index in range(volume.geometry.table_blocks):
        block = volume.table_block(index)
        low, high = block[26:4032:96], block[27:4032:96]  # links_count of each of the 42
        if any(low) or any(high):
            used += bytes(1 if a or b else 0 for a, b in zip(low, high, strict=True))
        else:
            used += bytes(INODES_PER_BLOCK)
    return used[: volume.geometry.usable]


def free_blocks(bitmap: bytes | bytearray, volume: BlockVolume) -> int:
    """The clear bits of a bitmap."""
    count = volume.superblock.block_count
    return count - (int.from_bytes(bitmap, "little") & ((1 << count) - 1)).bit_count()


def write_bitmap(volume: BlockVolume, target: Target, bitmap: bytearray) -> None:
    """Write those blocks of the bitmap that have changed."""
    for start in range(0, len(bitmap), BLOCK):
        part = bytes(bitmap[start : start + BLOCK])
        if part != volume.bitmap[start : start + BLOCK]:
            target.write(BLOCK + start, part)
    volume.bitmap = bitmap


def write_counters(volume: BlockVolume, target: Target, used: bytearray) -> None:
    """Count what is free and write it where the superblock has it."""
    free = free_blocks(volume.bitmap, volume), volume.superblock.inode_count - sum(used)
    if (volume.superblock.free_blocks, volume.superblock.free_inodes) != free:
        target.write(12, struct.pack("<II", *free))
        volume.recount(*free)


def first_fit(bitmap: bytes | bytearray, start: int, end: int, count: int) -> list[tuple[int, int]]:
    """(first, how many) of the first `count` clear bits from `start` up to `end`, in runs."""
    found: list[tuple[int, int]] = []
    for match in _FREE.finditer(bitmap, start // 8):
        if count <= 0:
            break
        low = match.start() * 8
        pieces = [(low, 8 * len(match.group()))]
        if bitmap[match.start()]:
            pieces = [(low + bit, 1) for bit in range(8) if not bitmap[match.start()] >> bit & 1]
        for first, length in pieces:
            first, length = max(first, start), min(first + length, end) - max(first, start)
            length = min(length, count)
            if length <= 0:
                continue
            if found and sum(found[-1]) == first:
                found[-1] = found[-1][0], found[-1][1] + length
            else:
                found.append((first, length))
            count -= length
    return found


def set_bits(bitmap: bytearray, first: int, count: int) -> None:
    """Set a run of bits."""
    low, high = first >> 3, (first + count + 7) >> 3
    mask = ((1 << count) - 1) << (first & 7)
    bits = int.from_bytes(bitmap[low:high], "little") | mask
    bitmap[low:high] = bits.to_bytes(high - low, "little")


def clear_bits(bitmap: bytearray, first: int, count: int) -> None:
    """Clear a run of bits."""
    low, high = first >> 3, (first + count + 7) >> 3
    mask = ((1 << count) - 1) << (first & 7)
    bits = int.from_bytes(bitmap[low:high], "little") & ~mask
    bitmap[low:high] = bits.to_bytes(high - low, "little")


def _first(volume: BlockVolume) -> int:
    return max(volume.geometry.first_data, volume.superblock.first_data_block)


def _leading(inode: Inode) -> list[int]:
    """A directory's blocks, up to the first that is none."""
    direct = list(inode.direct)
    return direct[: direct.index(0)] if 0 in direct else direct


def _owned(volume: BlockVolume, inode: Inode) -> list[tuple[int, int]]:
    """(first, how many) of all blocks of a file, those of pointers and those behind its end among them."""
    found = [run for run in runs(inode.direct) if run[0]]
    tables = [inode.indirect] if inode.indirect else []
    if inode.double:
        found.append((inode.double, 1))
        tables += [block for block in table(volume.block(inode.double)) if block]
    for block in tables:
        found.append((block, 1))
        found += [run for run in runs(table(volume.block(block))) if run[0]]
    return found
