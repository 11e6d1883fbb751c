"""Reading the files of a RedoxFS: a tree of numbered nodes, folders hashed by name, records that may be packed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from portwright.base.errors import BadInput, Fault, Where, fail
from portwright.base.joined import Joined
from portwright.base.sources import Source, inside
from portwright.formats import Kind, Node, Problem
from portwright.formats.parts.redoxfs_hashes import seahash
from portwright.formats.parts.redoxfs_lz4 import unpack
from portwright.formats.parts.redoxfs_ring import BLOCK, Header

ROOT = 1
LONGEST = 4096
_NODE = struct.Struct("<HIIIQQQIQIQIII")
_INLINE = 128
"""Where a node's pointers begin, or its content where that is short enough to lie there."""
_POINTERS = (128, 64, 32, 16, 8)
"""Pointers of a node to records, and to lists of lists of records of growing depth."""
_FAN = 256
_RECORD = 5
"""A record has at most 2**5 blocks."""
_KINDS: dict[int, Kind] = {0x8: "file", 0x4: "directory", 0xA: "symlink", 0xC: "socket"}

Pointer = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Inode:
    """A node as it lies in its block."""

    number: int
    kind: Kind
    mode: int
    uid: int
    gid: int
    links: int
    size: int
    modified: int
    record: int
    inline: bool
    place: int
    block: bytes

    def pointer(self, index: int) -> Pointer:
        """One of its pointers."""
        address, digest = struct.unpack_from("<QQ", self.block, _INLINE + 16 * index)
        return address, digest


def problem(fault: Fault, path: bytes = b"") -> Problem:
    """A fault as what checking finds."""
    address = fault.where.address if fault.where else None
    return Problem(fault.code or "", fault.what, address, path, fault.hint or "")


def _entries(block: bytes) -> list[tuple[bytes, int]] | None:
    """(name, number) of each entry in a block of a folder.

    The crate leaves it to the compiler in which order entries and their count lie; rustc puts the count last.
    """
    empty = None
    for first, counts in ((0, BLOCK - 4), (4, 0)):
        count, length = struct.unpack_from("<HH", block, counts)
        at = first
        found: list[tuple[bytes, int]] = []
        while len(found) < count and at + 5 < first + length <= first + BLOCK - 4:
            end = at + 5 + block[at + 4]
            found.append((block[at + 5 : end], int.from_bytes(block[at : at + 4], "little")))
            at = end
        if len(found) == count and at == first + length and not any(_bad_name(name) for name, _ in found):
            if found:
                return found
            empty = found
    return empty


def _bad_name(name: bytes) -> bool:
    return name in (b"", b".", b"..") or b"/" in name or b"\0" in name


class Packed:
    """A record that is packed, as a source; it is unpacked when it is read."""

    def __init__(self, source: Source, place: int, length: int, size: int) -> None:
        self.source, self.place, self.length, self.size = source, place, length, size
        self.name = source.name

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        data = self.source.read(self.place, self.length)
        end = 2 + int.from_bytes(data[:2], "little")
        made = unpack(data[2:end], self.size) if end <= len(data) else None
        if made is None:
            raise fail(
                "a packed record is damaged", Where(self.name, address=self.place), None, "redoxfs/packed"
            )
        return made[offset : offset + length]


class Tree:
    """The files that a header leads to. With `verify` every block's hash is held against its pointer."""

    def __init__(self, image: Source, header: Header, start: int, *, verify: bool = False) -> None:
        self.image, self.header, self.start, self.verify = image, header, start, verify
        self.source = Joined(image)
        self._lists: dict[int, bytes] = {}
        self._packed: dict[int, int] = {}
        self._names: dict[int, dict[bytes, int]] = {}

    def place(self, pointer: Pointer, level: int = 0) -> int:
        """The byte at which what a pointer means begins, all of it inside the image."""
        if pointer[0] & 15 > level or pointer[0] >> 4 & 15 > _RECORD:
            raise self._bad(f"a pointer means 2**{pointer[0] & 15} blocks, too many here", self.start * BLOCK)
        place, length = (self.start + (pointer[0] >> 8)) * BLOCK, BLOCK << (pointer[0] & 15)
        if place + length > self.image.size:
            raise self._bad(f"a pointer leads to {place:#x}, beyond the end", self.image.size)
        if self.verify and seahash(self.image.read(place, length)) != pointer[1]:
            raise self._bad(
                "a block is not what the pointer to it says: its hash is another", place, "block-hash"
            )
        return place

    def _bad(self, what: str, address: int, code: str = "pointer") -> BadInput:
        return fail(what, Where(self.image.name, address=address), None, f"redoxfs/{code}")

    def _list(self, pointer: Pointer) -> bytes:
        """A block of the node tree; the last few are kept."""
        if pointer[0] not in self._lists:
            if len(self._lists) > 64:
                self._lists.clear()
            self._lists[pointer[0]] = self.image.read(self.place(pointer), BLOCK)
        return self._lists[pointer[0]]

    def inode(self, number: int) -> Inode:
        """The node of a number."""
        pointer = self.header.tree
        for shift in (24, 16, 8, 0):
            if pointer[0] >> 8 == 0 or number >> shift & 255 > 253:
                raise self._bad(f"there is no node {number}", self.header.block * BLOCK, "node")
            pointer = struct.unpack_from("<QQ", self._list(pointer), 16 * (number >> shift & 255))
        if pointer[0] >> 8 == 0:
            raise self._bad(f"there is no node {number}", self.header.block * BLOCK, "node")
        place = self.place(pointer)
        block = self.image.read(place, BLOCK)
        mode, uid, gid, links, size, _, _, _, modified, _, _, _, record, flags = _NODE.unpack_from(block)
        kind = _KINDS.get(mode >> 12)
        if kind is None or record > _RECORD:
            raise self._bad(f"node {number} is of no kind that is known (mode {mode:#o})", place, "node")
        inline = bool(flags & 1)
        return Inode(
            *(number, kind, mode & 0o7777, uid, gid, links, size, modified, record, inline, place, block)
        )

    def entries(self, folder: Inode, seen: set[int]) -> Iterator[tuple[bytes, int]]:
        """(name, number) of what is in a folder, in the order of its blocks, none of which may be in `seen`."""
        marker, root = folder.pointer(0), folder.pointer(1)
        if folder.inline or marker[0] | 15 != 2**64 - 1 or root[0] >> 8 == 0:
            return  # nothing was ever in it
        waiting = [(root, marker[0] & 15)]
        while waiting:
            pointer, depth = waiting.pop()
            place = self.place(pointer)
            if place in seen:
                raise self._bad("a folder's blocks lead back to each other", place, "cycle")
            seen.add(place)
            block = self.image.read(place, BLOCK)
            if depth:
                rows = struct.iter_unpack("<IQQ", block[:4080])
                waiting += [((row[1], row[2]), depth - 1) for row in rows if row[1] >> 8][::-1]
                continue
            entries = _entries(block)
            if entries is None:
                raise self._bad("a folder's block is no list of names", place, "names")
            yield from entries

    def find(self, parts: list[bytes]) -> Inode | None:
        """The node that names lead to, one after the other."""
        inode = self.inode(ROOT)
        for part in parts:
            if inode.kind != "directory":
                return None
            if inode.number not in self._names:
                self._names[inode.number] = dict(self.entries(inode, set()))
            number = self._names[inode.number].get(part)
            if number is None:
                return None
            inode = self.inode(number)
        return inode

    def node(self, path: bytes, inode: Inode, same_as: bytes = b"") -> Node:
        """A node as the contract has it."""
        target, size = b"", 0 if inode.kind == "directory" else inode.size
        if inode.kind == "symlink":
            if inode.size > LONGEST:
                raise self._bad(f"a symlink's target has {inode.size} bytes", inode.place, "long-path")
            found = list(self.stretches(inode, set()))
            target = b"".join(
                bytes(length) if place is None else self.source.read(place, length) for place, length in found
            )
        meta = (inode.uid, inode.gid, inode.modified, same_as)
        return Node(path, inode.kind, inode.mode, size, target, *meta, number=inode.number, links=inode.links)

    def explore(self) -> Iterator[Node | Problem]:
        """Every node that can be reached, and what keeps others from being reached."""
        first: dict[int, bytes] = {}
        seen: set[int] = set()
        left, letters = self.image.size // BLOCK, 8 * self.image.size
        waiting = [(b"", b"", ROOT)]
        while waiting:
            parent, name, number = waiting.pop()
            path = parent + b"/" + name if parent else name
            left, letters = left - (number not in first), letters - len(path)
            if left < 0 or letters < 0 or len(path) > LONGEST:
                yield Problem(
                    "redoxfs/too-many", "more files or longer paths than fit into it", path=path[:99]
                )
                return
            try:
                inode = self.inode(number)
                if inode.kind == "directory" and number in first:
                    raise self._bad("a folder is inside itself, or in two folders", inode.place, "cycle")
                node = self.node(path, inode, first.get(number, b""))
                inside_it = list(self.entries(inode, seen)) if inode.kind == "directory" else []
            except BadInput as error:
                yield from (problem(fault, path) for fault in error.faults)
                continue
            yield node
            first.setdefault(number, path)
            waiting += [(path, *entry) for entry in reversed(inside_it)]

    def stretches(self, inode: Inode, seen: set[int]) -> Iterator[tuple[int | None, int]]:
        """Where a node's content lies in `source`; no list of its records may be in `seen`."""
        size = inode.size
        if inode.inline:
            here = min(size, BLOCK - _INLINE)
            yield from ((inode.place + _INLINE, here),) if here else ()
            yield from ((None, size - here),) if size > here else ()
            return
        index = 0
        for depth, count in enumerate(_POINTERS):
            for _ in range(count):
                if size <= 0:
                    return
                yield from self._under(inode.pointer(index), depth, inode.record, size, seen)
                size -= (BLOCK << inode.record) * _FAN**depth
                index += 1
        if size > 0:
            raise self._bad(f"node {inode.number} is larger than any file", inode.place, "node")

    def _under(
        self, pointer: Pointer, depth: int, record: int, size: int, seen: set[int]
    ) -> Iterator[tuple[int | None, int]]:
        """What a pointer leads to, at most `size` bytes of it."""
        span = (BLOCK << record) * _FAN**depth
        size = min(size, span)
        if pointer[0] >> 8 == 0:
            yield None, size
        elif depth:
            place = self.place(pointer)
            if place in seen:
                raise self._bad("a file's lists of records lead back to each other", place, "cycle")
            seen.add(place)
            step = span // _FAN
            for inner in struct.iter_unpack("<QQ", self.image.read(place, BLOCK)):
                if size <= 0:
                    return
                yield from self._under((inner[0], inner[1]), depth - 1, record, size, seen)
                size -= step
        else:
            place, length = self._record(pointer)
            yield place, min(size, length)
            if size > length:
                yield None, size - length

    def _record(self, pointer: Pointer) -> tuple[int, int]:
        """(offset in `source`, bytes) of a record."""
        place, length = self.place(pointer, _RECORD), BLOCK << (pointer[0] & 15)
        unpacked = pointer[0] >> 4 & 15
        if not unpacked:
            return place, length
        if pointer[0] not in self._packed:
            self._packed[pointer[0]] = self.source.add(Packed(self.image, place, length, BLOCK << unpacked))
        return self._packed[pointer[0]], BLOCK << unpacked
