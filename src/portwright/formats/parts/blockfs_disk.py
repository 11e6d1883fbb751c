"""What lies where in a BlockFS image: superblock, inode, record of a directory, and the blocks of a file.

Values only: nothing here reads an image. Numbers are little-endian throughout.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

BLOCK = 4096
MAGIC = 0x424C_4B46
MARK = b"FKLB"
"""The magic as the first four bytes of an image."""

INODE_SIZE, INODES_PER_BLOCK = 96, 42
DIRECT, POINTERS = 12, 1024
FIRST_DOUBLE = DIRECT + POINTERS
MOST_SIZE = 0xFFFF_FFFF
"""The size of a file is 32 bits."""
MOST_LINKS, MOST_OWNER = 0xFFFF, 0xFFFF
NAME_MOST, PATH_MOST = 255, 4094
"""The kernel takes 4096 bytes of a path from a program: a `/` in front and a NUL behind are among them."""

DIRECTORY, SYMLINK, REGULAR = 0x4000, 0xA000, 0x8000
"""The three types that a mode can have."""
RECORD_FILE, RECORD_DIRECTORY, RECORD_SYMLINK = 1, 2, 7

_ZEROS, _NOTHING = (0,) * DIRECT, bytes(BLOCK)
_SUPER = struct.Struct("<IIIIIIIHIIQQHHHH")
_INODE = struct.Struct("<HHIIIIIHHII12I3I")
HEAD = struct.Struct("<IHBB")
"""The head of a record: inode, length of the record, length of the name, type."""
LISTED = struct.Struct("<HHI8xI4xHH")
"""What a listing needs of an inode: mode, uid, size, mtime, gid, links."""
SUPER_SIZE = _SUPER.size


@dataclass(frozen=True, slots=True)
class Superblock:
    """The first 62 bytes of an image; times are a processor's counter, not dates."""

    magic: int
    block_count: int
    inode_count: int
    free_blocks: int
    free_inodes: int
    first_data_block: int
    block_size: int = BLOCK
    inode_size: int = INODE_SIZE
    blocks_per_group: int = 8192
    inodes_per_group: int = 2048
    mount_time: int = 0
    write_time: int = 0
    mount_count: int = 0
    max_mount_count: int = 100
    state: int = 1
    errors: int = 0

    @classmethod
    def parse(cls, data: bytes) -> Superblock:
        """From the first bytes of an image."""
        return cls(*_SUPER.unpack_from(data))

    def pack(self) -> bytes:
        """As it lies in an image."""
        return _SUPER.pack(*(getattr(self, name) for name in self.__slots__))


class Geometry:
    """Where the tables are. The kernel works it out anew from the two counts and believes nothing else.

    The bitmap begins in block 1, the inode table in block `table`; `first_data` is the first block that a file can
    have. The table is as long as if inodes lay in it without gaps, and they do not: 42 fit into a block, and it is
    computed for 42.67. So only the first `usable` of them are there.
    """

    def __init__(self, block_count: int, inode_count: int) -> None:
        self.block_count, self.inode_count = block_count, inode_count
        self.bitmap_blocks = ceil(ceil(block_count, 8), BLOCK)
        self.table = 1 + self.bitmap_blocks
        self.table_blocks = ceil(inode_count * INODE_SIZE, BLOCK)
        self.first_data = self.table + self.table_blocks
        self.usable = min(inode_count, INODES_PER_BLOCK * self.table_blocks)

    def inode_at(self, number: int) -> int:
        """The address of an inode."""
        block, slot = divmod(number, INODES_PER_BLOCK)
        return (self.table + block) * BLOCK + slot * INODE_SIZE


@dataclass(slots=True)
class Inode:
    """One file: what it is, who has it, and where its blocks are (0 is none)."""

    mode: int = 0
    uid: int = 0
    size: int = 0
    atime: int = 0
    ctime: int = 0
    mtime: int = 0
    dtime: int = 0
    gid: int = 0
    links: int = 0
    blocks: int = 0
    flags: int = 0
    direct: Sequence[int] = _ZEROS
    indirect: int = 0
    double: int = 0
    triple: int = 0

    @classmethod
    def parse(cls, data: bytes | bytearray, offset: int = 0) -> Inode:
        """From the 96 bytes of the table."""
        row = _INODE.unpack_from(data, offset)
        inode = cls(*row[:11])
        inode.direct, (inode.indirect, inode.double, inode.triple) = row[11:23], row[23:]
        return inode

    def pack(self) -> bytes:
        """As it lies in the table."""
        times = self.atime, self.ctime, self.mtime, self.dtime
        counts = self.gid, self.links, self.blocks, self.flags
        tables = self.indirect, self.double, self.triple
        return _INODE.pack(self.mode, self.uid, self.size, *times, *counts, *self.direct, *tables)

    @property
    def kind(self) -> Literal["directory", "symlink", "file"]:
        """What the kernel takes it for."""
        return kind_of(self.mode)

    def but(self, **changes: int) -> Inode:
        """The same with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


def ceil(value: int, by: int) -> int:
    """A division that rounds up."""
    return -(-value // by)


def kind_of(mode: int) -> Literal["directory", "symlink", "file"]:
    """What the kernel takes a mode for: it asks for single bits, in this order."""
    if mode & 0x4000:
        return "directory"
    return "symlink" if mode & 0xA000 == 0xA000 else "file"


RECORD_KINDS = {"directory": RECORD_DIRECTORY, "symlink": RECORD_SYMLINK, "file": RECORD_FILE}
TYPE_BITS = {"directory": DIRECTORY, "symlink": SYMLINK, "file": REGULAR}


def inodes_for(wanted: int) -> int:
    """The smallest inode count with that many usable inodes."""
    return max(wanted, (ceil(wanted, INODES_PER_BLOCK) - 1) * BLOCK // INODE_SIZE + 1)


def usual_inodes(block_count: int) -> int:
    """How many inodes the system's own tool gives an image of that size."""
    return min(max(block_count // 4, 672), 65536)


# directories


class Record(NamedTuple):
    """An entry of a directory: where it begins in the directory's bytes, and what it says."""

    at: int
    number: int
    length: int
    kind: int
    name: bytes

    @property
    def dot(self) -> bool:
        """Whether it is the directory's own or its parent's."""
        return self.name in (b".", b"..")


def record_length(name: bytes) -> int:
    """What a record of that name takes."""
    return (8 + len(name) + 3) & ~3


def records(data: bytes, end: int, base: int = 0) -> Iterator[Record]:
    """The records of one block as the kernel walks it, deleted ones too.

    It stops where a length is none; a name that crosses the end of the block it sees with zeros for the rest.
    """
    at = 0
    while at + 8 <= end:
        number, length, size, kind = HEAD.unpack_from(data, at)
        if length < 8 or length & 3:
            return
        name = data[at + 8 : at + 8 + size]
        yield Record(base + at, number, length, kind, name if len(name) == size else name.ljust(size, b"\0"))
        at += length


def lay_records(entries: Iterable[tuple[int, int, bytes]]) -> tuple[bytes, int]:
    """(content up to a whole block, size) of a directory of these (inode, type, name): none crosses a block."""
    parts: list[bytes] = []
    size = 0
    for number, kind, name in entries:
        length = (11 + len(name)) & ~3
        room = BLOCK - size % BLOCK
        if length > room:
            parts.append(bytes(room))
            size += room
        parts.append(HEAD.pack(number, length, len(name), kind) + name.ljust(length - 8, b"\0"))
        size += length
    parts.append(bytes(-size % BLOCK))
    return b"".join(parts), size


def laid_size(names: Iterable[bytes]) -> int:
    """The size that `lay_records` comes to, `.` and `..` not among the names."""
    size = 24
    for name in names:
        length = (11 + len(name)) & ~3
        room = BLOCK - size % BLOCK
        size += length if length <= room else length + room
    return size


# the blocks of a file


def blocks_of(count: int) -> int:
    """How many blocks a file of `count` blocks of content takes, those of pointers among them."""
    if count <= DIRECT:
        return count
    if count <= FIRST_DOUBLE:
        return count + 1
    return count + 2 + ceil(count - FIRST_DOUBLE, POINTERS)


class Step(NamedTuple):
    """Blocks of a file in the order in which it takes them: content, or (with `table`) pointers to `blocks`."""

    table: int
    blocks: Sequence[int]


def roots(blocks: Sequence[int], count: int) -> tuple[Sequence[int], int, int]:
    """(direct, indirect, double) of an inode that was given `blocks_of(count)` blocks, in the kernel's order."""
    if count <= DIRECT:
        return (*blocks, *_ZEROS[count:]), 0, 0
    return tuple(blocks[:DIRECT]), blocks[DIRECT], blocks[FIRST_DOUBLE + 1] if count > FIRST_DOUBLE else 0


def steps(blocks: Sequence[int], count: int) -> Iterator[Step]:
    """What each of the blocks is for: pointers come right before what they point to."""
    if count <= DIRECT:
        yield Step(0, blocks)
        return
    yield Step(0, blocks[:DIRECT])
    starts = [DIRECT]
    if count > FIRST_DOUBLE:
        starts += range(FIRST_DOUBLE + 2, len(blocks), POINTERS + 1)
    for start in starts:
        below = blocks[start + 1 : start + 1 + POINTERS]
        if start == FIRST_DOUBLE + 2:
            yield Step(blocks[start - 1], [blocks[table] for table in starts[1:]])
        yield Step(blocks[start], below)
        yield Step(0, below)


def pointers(blocks: Sequence[int]) -> bytes:
    """A block of pointers."""
    return struct.pack(f"<{len(blocks)}I", *blocks).ljust(BLOCK, b"\0")


def table(data: bytes, count: int = POINTERS) -> tuple[int, ...]:
    """The pointers in a block of them: the first `count`, and all of them where there are any behind those."""
    count = min(max(count, 0), POINTERS)
    if data[4 * count :] != _NOTHING[4 * count :]:
        count = POINTERS
    return struct.unpack_from(f"<{count}I", data)


def runs(blocks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, how many) of blocks that follow each other; of those that are 0, (0, how many)."""
    if isinstance(blocks, range):
        if blocks:
            yield blocks[0], len(blocks)
        return
    count = len(blocks)
    if count > 8 and blocks[0] and tuple(blocks) == tuple(range(blocks[0], blocks[0] + count)):
        yield blocks[0], count
        return
    first = length = 0
    for block in blocks:
        if length and block == (first and first + length):
            length += 1
        else:
            if length:
                yield first, length
            first, length = block, 1
    if length:
        yield first, length
