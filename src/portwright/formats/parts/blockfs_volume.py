"""A BlockFS image read as its kernel reads it: what that would not find is not there, and what it takes for zeros is.

The kernel loads the blocks whose bit in the bitmap is set and believes little else, so neither does this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source
from portwright.formats import Node
from portwright.formats.parts.blockfs_disk import (
    BLOCK,
    DIRECT,
    INODE_SIZE,
    INODES_PER_BLOCK,
    LISTED,
    MAGIC,
    PATH_MOST,
    POINTERS,
    SUPER_SIZE,
    Geometry,
    Inode,
    Record,
    Superblock,
    ceil,
    kind_of,
    records,
    runs,
    table,
)

_CHUNK = 16
"""Blocks of the inode table that are read at once."""
_TARGET_MOST = 4096


class BlockVolume:
    """The files of an image; raises `BadInput` where the kernel could not mount it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        data = source.read(0, min(source.size, SUPER_SIZE)).ljust(SUPER_SIZE, b"\0")
        self.superblock = Superblock.parse(data)
        if self.superblock.magic != MAGIC:
            what = f"not a BlockFS image: it begins with {data[:4].hex(' ')}, not with 46 4b 4c 42"
            raise fail(what, Where(source.name, address=0), None, "blockfs/magic")
        self.geometry = Geometry(self.superblock.block_count, self.superblock.inode_count)
        self.device_blocks = source.size // BLOCK
        self.limit = min(self.superblock.block_count, self.device_blocks)
        self._check_tables()
        self.bitmap: bytes | bytearray = source.read(BLOCK, ceil(self.superblock.block_count, 8))
        self._chunks: dict[int, bytearray] = {}
        self.facts: Mapping[str, str | int] = self._facts()
        root = self.inode(0)
        if root is None or root.kind != "directory":
            what = f"the root has the mode {root.mode if root else 0:#06x}, which is no directory's"
            raise self._bad(what, self.geometry.inode_at(0), "blockfs/root")

    def _check_tables(self) -> None:
        first, block = self.geometry.first_data, self.superblock
        if not block.inode_count:
            raise self._bad("it has 0 inodes, so not even a root", 8, "blockfs/root")
        if first > self.device_blocks:
            what = (
                f"its tables ({block.block_count} blocks, {block.inode_count} inodes) reach to "
                f"{first * BLOCK:#x}, the image ends at {self.source.size:#x}"
            )
            raise self._bad(what, min(self.source.size, first * BLOCK), "blockfs/cut-off")

    def _facts(self) -> dict[str, str | int]:
        block = self.superblock
        return {
            "blocks": block.block_count,
            "free blocks": block.free_blocks,
            "inodes": block.inode_count,
            "usable inodes": self.geometry.usable,
            "free inodes": block.free_inodes,
            "first data block": block.first_data_block,
            "mount count": block.mount_count,
            "state": "clean" if block.state == 1 else block.state,
        }

    def recount(self, free_blocks: int, free_inodes: int) -> None:
        """Take note that the counters were written."""
        self.superblock = replace(self.superblock, free_blocks=free_blocks, free_inodes=free_inodes)
        self.facts = self._facts()

    # inodes and blocks

    def slot(self, number: int) -> tuple[bytearray, int]:
        """(bytes, offset in them) where an inode lies."""
        block, slot = divmod(number, INODES_PER_BLOCK)
        index, within = divmod(block, _CHUNK)
        chunk = self._chunks.get(index)
        if chunk is None:
            count = min(_CHUNK, self.geometry.table_blocks - index * _CHUNK)
            at = (self.geometry.table + index * _CHUNK) * BLOCK
            chunk = self._chunks[index] = bytearray(self.source.read(at, count * BLOCK))
        return chunk, within * BLOCK + slot * INODE_SIZE

    def inode(self, number: int) -> Inode | None:
        """An inode, or None where there is no such."""
        return Inode.parse(*self.slot(number)) if 0 <= number < self.geometry.usable else None

    def put_inode(self, number: int, data: bytes) -> None:
        """Take note that an inode was written."""
        chunk, at = self.slot(number)
        chunk[at : at + INODE_SIZE] = data

    def table_block(self, index: int) -> bytes:
        """One block of the inode table."""
        chunk, at = self.slot(index * INODES_PER_BLOCK)
        return bytes(chunk[at : at + BLOCK])

    def loaded(self, first: int, count: int) -> Iterator[tuple[int, int]]:
        """(first or 0, how many) of a run of blocks: 0 where the kernel has zeros instead, as it has not loaded them."""
        low, high = max(first, self.superblock.first_data_block, 1), min(first + count, self.limit)
        if low >= high:
            yield 0, count
            return
        if low > first:
            yield 0, low - first
        if all_set(self.bitmap, low, high):
            yield low, high - low
        else:
            yield from runs([b if self.bitmap[b >> 3] >> (b & 7) & 1 else 0 for b in range(low, high)])
        if high < first + count:
            yield 0, first + count - high

    def is_loaded(self, block: int) -> bool:
        """Whether the kernel has the content of a block."""
        low = max(self.superblock.first_data_block, 1)
        return low <= block < self.limit and bool(self.bitmap[block >> 3] >> (block & 7) & 1)

    def block(self, number: int) -> bytes:
        """The content of a block as the kernel has it."""
        return self.source.read(number * BLOCK, BLOCK) if self.is_loaded(number) else bytes(BLOCK)

    def runs(self, inode: Inode, count: int) -> Iterator[tuple[int, int]]:
        """(first or 0 for a hole, how many) of the first `count` blocks of a file, as its pointers say."""
        yield from runs(inode.direct[:count])
        if count > DIRECT:
            yield from self._below(inode.indirect, min(count - DIRECT, POINTERS))
        left = count - DIRECT - POINTERS
        if left > 0:
            if not self.is_loaded(inode.double):
                yield 0, left
                return
            for block in table(self.block(inode.double))[: ceil(left, POINTERS)]:
                yield from self._below(block, min(left, POINTERS))
                left -= POINTERS

    def _below(self, block: int, count: int) -> Iterator[tuple[int, int]]:
        if self.is_loaded(block):
            yield from runs(table(self.block(block), count)[:count])
        else:
            yield 0, count

    # directories

    def records(self, inode: Inode, name: bytes = b"") -> Iterator[Record]:
        """All records of a directory that the kernel comes by, those of blocks at least that have this name."""
        for index, block in enumerate(inode.direct):
            end = min(BLOCK, inode.size - index * BLOCK)
            if not block or end <= 0:
                return
            data = self.block(block)
            if name in data:
                yield from records(data, end, index * BLOCK)

    def entries(self, inode: Inode) -> Iterator[Record]:
        """The entries of a directory that can be opened: the first of each name."""
        known: set[bytes] = set()
        for record in self.records(inode):
            number, name = record.number, record.name
            if number and name not in known:
                known.add(name)
                if number < self.geometry.usable and openable(name):
                    yield record

    # the contract

    def walk(self) -> Iterator[Node]:
        """See `Volume`: folders before what is in them; a folder's second place is shown, and not entered again."""
        root = self.inode(0)
        assert root is not None
        names: dict[int, Node] = {}
        entered = set(_blocks(root))
        yield self._node(b"", 0)
        waiting = [(b"", self.entries(root))]
        while waiting:
            prefix, entries = waiting[-1]
            for record in entries:
                path = prefix + record.name
                if len(path) > PATH_MOST:
                    continue
                node = self._node(path, record.number, names.get(record.number))
                yield node
                if node.kind != "directory":
                    names.setdefault(record.number, node)
                    continue
                inode = Inode.parse(*self.slot(record.number))
                blocks = _blocks(inode)
                if entered.isdisjoint(blocks):
                    entered.update(blocks)
                    waiting.append((path + b"/", self.entries(inode)))
                    break
            else:
                waiting.pop()

    def children(self, path: bytes) -> Iterator[Node]:
        """See `Folders`."""
        above = self.lookup(path)
        inode = self.inode(above.number) if above is not None else None
        if inode is not None and inode.kind == "directory":
            prefix = path + b"/" if path else b""
            for record in self.entries(inode):
                yield self._node(prefix + record.name, record.number)

    def _node(self, path: bytes, number: int, known: Node | None = None) -> Node:
        mode, uid, size, modified, gid, links = LISTED.unpack_from(*self.slot(number))
        kind = kind_of(mode)
        node = Node(path, kind, mode & 0o7777, size, b"", uid, gid, modified, b"", None, number, links)
        if known is not None:
            node.same_as, node.target = known.path, known.target
        elif kind == "symlink":
            node.target = self.content(Inode.parse(*self.slot(number)), min(size, _TARGET_MOST))
        return node

    def lookup(self, path: bytes) -> Node | None:
        """See `Volume`."""
        number = 0
        for name in path.split(b"/") if path else ():
            inode = self.inode(number)
            if inode is None or inode.kind != "directory" or name in (b".", b".."):
                return None
            found = next((r for r in self.records(inode, name) if r.name == name and r.number), None)
            if found is None or not openable(name):
                return None
            number = found.number
        return self._node(path, number) if number < self.geometry.usable else None

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        """See `Volume`; raises `BadInput` where a file has more blocks than the image."""
        inode = self.inode(node.number)
        return self.stretches_of(inode if inode is not None else Inode(), node.path)

    def stretches_of(self, inode: Inode, path: bytes = b"") -> Iterator[tuple[int | None, int]]:
        """Where the content of an inode lies, as `stretches`."""
        left, blocks = inode.size, 0
        hole = 0
        for first, count in self.runs(inode, ceil(left, BLOCK)):
            for start, length in self.loaded(first, count) if first else ((0, count),):
                size = min(left, length * BLOCK)
                left -= size
                if not start:
                    hole += size
                    continue
                blocks += length
                if blocks > self.limit:
                    what = f"{path.decode('utf-8', 'replace')} has more blocks than there are"
                    raise self._bad(what, start * BLOCK, "blockfs/block-twice")
                if hole:
                    yield None, hole
                    hole = 0
                yield start * BLOCK, size
        if hole:
            yield None, hole

    def content(self, inode: Inode, most: int) -> bytes:
        """The first bytes of an inode's content."""
        parts, left = [], most
        for start, length in self.stretches_of(inode):
            part = min(left, length)
            parts.append(bytes(part) if start is None else self.source.read(start, part))
            left -= part
            if not left:
                break
        return b"".join(parts)

    def _bad(self, what: str, address: int, code: str) -> BadInput:
        return fail(what, Where(self.source.name, address=address), "`image check` says more", code)


def openable(name: bytes) -> bool:
    """Whether a record's name can be asked for: the kernel has names as text, and programs end theirs with NUL."""
    if not name or b"\0" in name or b"/" in name or name in (b".", b".."):
        return False
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _blocks(inode: Inode) -> list[int]:
    """The blocks in which the kernel looks for a directory's records."""
    used: Sequence[int] = inode.direct[: ceil(inode.size, BLOCK)]
    return [block for block in used if block]


def all_set(bitmap: bytes | bytearray, low: int, high: int) -> bool:
    """Whether all bits from `low` up to `high` are set."""
    if high - low == 1:
        return bool(bitmap[low >> 3] >> (low & 7) & 1)
    bits = int.from_bytes(bitmap[low >> 3 : (high + 7) >> 3], "little") >> (low & 7)
    mask = (1 << (high - low)) - 1
    return bits & mask == mask
