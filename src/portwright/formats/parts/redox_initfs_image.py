"""Reading an initfs of Redox: which of the layouts it has, its inodes, and the tree that they make."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from portwright.base.errors import Where, fail
from portwright.base.sources import Source
from portwright.formats import Kind, Node, Problem

MAGIC = b"RedoxFtw"
PAGE = 4096
NO_ENTRY = 0xFFFF_FFFF_FFFF_FFFF
INODES = 0xFFFF
LONGEST = 4096
"""Bytes of the longest path: Redox has no longer ones, and neither had a host that an archiver ran on."""
STRIDES = {"R0": 20, "R1": 20, "R2": 20, "R3": 20, "R4a": 12, "R4b": 12, "R5": 12}
FIXED_MODES = ("R4b", "R5")
_HEADER = struct.Struct("<8sIQIHQQH")
_ROW = struct.Struct("<III")
_ENTRY = struct.Struct("<HHI")
_KINDS: tuple[Kind, ...] = ("file", "directory", "symlink")
_FIXED: tuple[tuple[Kind, int], ...] = (
    ("file", 0o444),
    ("file", 0o555),
    ("directory", 0o555),
    ("symlink", 0o777),
)


@dataclass(frozen=True, slots=True)
class Header:
    """The header as one layout reads it; `size` and `page` are None where the layout has no such field."""

    layout: str
    table: int
    count: int
    root: int = 0
    entry: int = NO_ENTRY
    size: int | None = None
    page: int | None = None
    created: int = 0


def _headers(data: bytes) -> Iterator[Header]:
    """What the header may be, the likeliest first."""
    _, table, first, parts, count, entry, size, page = _HEADER.unpack(data)
    low, high = parts & 0xFFFF, parts >> 16
    if table < 34:  # the first archivers put the inodes right behind these 26 bytes
        yield Header("R0", table, count, created=first)
        return
    last = Header("R5", table, count, high, entry, first, low)
    if size == 0 and page == 0 and low >= PAGE and low & (low - 1) == 0:
        yield last
    if page:
        for layout in ("R3", "R4a", "R4b"):
            yield Header(layout, table, count, 0, entry, size, page, first)
    elif size:
        yield Header("R2", table, count, 0, entry, size, None, first)
    else:
        yield Header("R1" if entry else "R0", table, count, 0, entry or NO_ENTRY, created=first)
        yield last


def _meaning(layout: str, field: int) -> tuple[Kind, int] | None:
    """Kind and mode out of an inode's first field."""
    if layout in FIXED_MODES:
        return _FIXED[field] if field < len(_FIXED) else None
    kind, mode = divmod(field, 1 << 28)
    return (_KINDS[kind], mode) if kind < len(_KINDS) and mode < 1 << 12 else None


def bad_name(name: bytes) -> bool:
    """Whether no file can be called so."""
    return name in (b"", b".", b"..") or b"/" in name or b"\0" in name


def shown(path: bytes) -> str:
    """A path for people."""
    return path.decode("utf-8", "backslashreplace")


def elf_entry(source: Source, offset: int = 0) -> int | None:
    """The entry that an ELF header at an offset names; None where there is no such header."""
    if offset + 32 > source.size:
        return None
    data = source.read(offset, 32)
    form = {b"\1\1": "<I", b"\1\2": ">I", b"\2\1": "<Q", b"\2\2": ">Q"}.get(data[4:6])
    if data[:4] != b"\x7fELF" or form is None:
        return None
    entry: int = struct.unpack_from(form, data, 24)[0]
    return entry


class Initfs:
    """The files of an image; see `Volume`. What is damaged raises `BadInput` when it is come to."""

    def __init__(self, source: Source) -> None:
        self.source = source
        data = source.read(0, min(_HEADER.size, source.size)).ljust(_HEADER.size, b"\0")
        if data[:8] != MAGIC:
            what = f"no initfs: it begins with {data[:8].hex(' ')}, not with `RedoxFtw`"
            hint = "a RedoxFS image is of another format: redoxfs" if data[:7] == b"RedoxFS" else None
            raise fail(what, Where(source.name, address=0), hint, "redox-initfs/magic")
        self.header = max(_headers(data), key=self._likeness)
        self.layout, self.stride = self.header.layout, STRIDES[self.header.layout]
        if not self._likeness(self.header):
            what = f"{self.header.count} inodes, with the root, should lie at {self.header.table:#x}"
            hint = f"the image was cut off or its header is damaged: it has {source.size:#x} bytes"
            raise fail(what, Where(source.name, address=8), hint, "redox-initfs/cut-off")
        self.rows = source.read(self.header.table, self.stride * self.header.count)
        # what checking finds out: the end of what is in use, and which inodes are in a folder
        self.used = self.header.table + len(self.rows)
        self.reached = bytearray(self.header.count)
        self._folders: dict[int, dict[bytes, int]] = {}

    def _likeness(self, header: Header) -> float:
        """How well the inodes fit a layout: 0 where they are not even there, 4 where nothing speaks against it."""
        stride, size = STRIDES[header.layout], self.source.size
        if header.root >= header.count or header.table < 26 or header.table + stride * header.count > size:
            return 0
        some = min(header.count, 256)
        rows = self.source.read(header.table, stride * some)
        good = 0.0
        for place in range(0, len(rows), stride):
            field, length, offset = _ROW.unpack_from(rows, place)
            owned = any(
                rows[place + 12 : place + stride]
            )  # no archiver ever wrote owners, where there is room
            good += (
                _meaning(header.layout, field) is not None
                and not owned
                and offset + length <= max(size, offset)
            )
        field, length, offset = _ROW.unpack(self.source.read(header.table + stride * header.root, 12))
        meaning = _meaning(header.layout, field)
        if meaning is None or meaning[0] != "directory" or offset + length > max(size, offset):
            return 0.5 + good / some / 4
        entries = self.source.read(min(offset, size), min(length, 8 * some) & ~7)
        good = 2 + good / some + all(inode < header.count for inode, _, _ in _ENTRY.iter_unpack(entries))
        return good + (header.count == 1 and header.size == header.table + stride)  # an empty tree ends there

    @property
    def facts(self) -> Mapping[str, str | int]:
        """See `Volume`."""
        header = self.header
        found: dict[str, str | int] = {"layout": self.layout, "inodes": header.count}
        if self.layout != "R0":
            found["entry"] = "none" if header.entry == NO_ENTRY else f"{header.entry:#x}"
        found["bootstrap size"] = self.bootstrap_size
        if header.page is not None:
            found["page size"] = header.page
        if header.size is not None:
            found["initfs size"] = header.size
        if self.layout != "R5":
            found["created"] = header.created
        return found

    @property
    def bootstrap_size(self) -> int:
        """Bytes between the header's page and what comes first behind it: the bootstrap, up to a whole page."""
        return max(min(self.header.table, self.inode(self.header.root)[2], self.source.size) - PAGE, 0)

    def inode(self, number: int) -> tuple[int, int, int]:
        """(kind and mode, length, offset), as they are there."""
        field, length, offset = _ROW.unpack_from(self.rows, number * self.stride)
        return field, length, offset

    def trouble(self, number: int, path: bytes = b"") -> Problem | None:
        """Why an inode cannot be read."""
        field, length, offset = self.inode(number)
        place = partial(Problem, address=self.header.table + number * self.stride, path=path)
        meaning = _meaning(self.layout, field)
        if meaning is None:
            return place("redox-initfs/kind", f"inode {number} is of no kind that there is ({field:#x})")
        if length and offset + length > self.source.size:  # nothing lies nowhere: an empty tree's root does
            what = (
                f"inode {number} has {length} bytes at {offset:#x}, beyond the end at {self.source.size:#x}"
            )
            return place("redox-initfs/outside", what)
        if meaning[0] == "symlink" and length > LONGEST:
            return place("redox-initfs/long-path", f"a symlink's target has {length} bytes")
        if number == self.header.root and meaning[0] != "directory":
            return place("redox-initfs/root", f"the root, inode {number}, is no folder but a {meaning[0]}")
        return None

    def entries(self, number: int, path: bytes = b"") -> Iterator[tuple[bytes, int] | Problem]:
        """(name, inode) of what is in a folder that is no trouble, and what is wrong with its entries."""
        _, length, offset = self.inode(number)
        if length % 8 or length > 8 * INODES:
            what = f"a folder has {length} bytes of entries, and one entry has 8, an image {INODES} inodes"
            yield Problem("redox-initfs/folder-length", what, offset, path)
        left, seen = self.source.size, set()
        table = self.source.read(offset, min(length, 8 * INODES) & ~7) if length else b""
        for at, (inode, size, start) in enumerate(_ENTRY.iter_unpack(table)):
            place = partial(Problem, address=offset + 8 * at, path=path)
            left -= size
            if inode >= self.header.count:
                what = f"entry {at} is inode {inode}, and there are {self.header.count}"
                yield place("redox-initfs/entry-inode", what)
            elif left < 0 or start + size > self.source.size:
                what = f"the name of entry {at} is {size} bytes at {start:#x}, beyond the end"
                yield place("redox-initfs/name-outside", what)
            else:
                name = self.source.read(start, size)
                self.used = max(self.used, start + size)
                if bad_name(name):
                    yield place("redox-initfs/name", f"no file can have the name {name[:80]!r}")
                elif name in seen:
                    yield place("redox-initfs/same-name", f"two entries have the name {name[:80]!r}")
                else:
                    seen.add(name)
                    yield name, inode

    def explore(self) -> Iterator[Node | Problem]:
        """Every node that can be reached, and everything that keeps others from being reached."""
        first: dict[int, bytes] = {}
        letters, more = 8 * self.source.size + (1 << 16), INODES
        waiting = [(b"", b"", self.header.root)]
        while waiting:
            parent, name, number = waiting.pop()
            path = parent + b"/" + name if parent else name
            self.reached[number] = 1
            letters -= len(path)
            if len(path) > LONGEST or letters < 0:
                what = (
                    f"a path has {len(path)} bytes" if letters >= 0 else "its paths are longer than the image"
                )
                yield Problem("redox-initfs/long-path", what, path=path[:LONGEST])
                continue
            trouble = self.trouble(number, path)
            if trouble is not None:
                yield trouble
                continue
            node = self._node(path, number, first.get(number, b""))
            if number in first:
                yield self._twice(node, first[number])
            if node.kind != "directory" or number not in first:
                yield node
            if node.kind == "directory" and number not in first:
                found = list(self.entries(number, path))
                yield from (entry for entry in found if isinstance(entry, Problem))
                inside = [(path, *entry) for entry in found if not isinstance(entry, Problem)]
                more -= len(inside)
                if more < 0:
                    what = f"its folders have more than {INODES} entries in all"
                    yield Problem("redox-initfs/many-entries", what, path=path)
                    return
                waiting += reversed(inside)
            first.setdefault(number, path)

    def _twice(self, node: Node, before: bytes) -> Problem:
        """An inode that has been seen: another name of a file, or a folder that would go on for ever."""
        known = shown(before) or "the root"
        if node.kind == "directory":
            return Problem("redox-initfs/cycle", f"this folder is {known} once more", path=node.path)
        what = f"this is {known} by another name, which no archiver of Redox makes"
        return Problem("redox-initfs/shared", what, path=node.path, severity="warning")

    def _node(self, path: bytes, number: int, same_as: bytes) -> Node:
        field, length, offset = self.inode(number)
        meaning = _meaning(self.layout, field)
        assert meaning is not None  # `trouble` was asked first
        target = self.source.read(offset, length) if meaning[0] == "symlink" else b""
        uid, gid = struct.unpack_from("<II", self.rows, number * 20 + 12) if self.stride == 20 else (0, 0)
        size = 0 if meaning[0] == "directory" else length
        return Node(path, *meaning, size, target, uid, gid, self.header.created, same_as, number=number)

    def walk(self) -> Iterator[Node]:
        """See `Volume`."""
        for found in self.explore():
            if isinstance(found, Node):
                yield found
            elif found.severity == "error":
                where = Where(self.source.name, address=found.address)
                what = f"{shown(found.path)}: {found.what}" if found.path else found.what
                raise fail(what, where, "`image check` tells all that is wrong with it", found.code)

    def lookup(self, path: bytes) -> Node | None:
        """See `Volume`. What else is damaged does not hinder."""
        number, parts = self.header.root, [part for part in path.split(b"/") if part]
        for part in parts:
            field = self.inode(number)[0]
            meaning = _meaning(self.layout, field)
            if meaning is None or meaning[0] != "directory" or self.trouble(number) is not None:
                return None
            if number not in self._folders:
                found = self.entries(number)
                self._folders[number] = dict(entry for entry in found if not isinstance(entry, Problem))
            if part not in self._folders[number]:
                return None
            number = self._folders[number][part]
        if self.trouble(number) is not None:
            return None
        return self._node(b"/".join(parts), number, b"")

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        """See `Volume`."""
        if node.size:
            yield self.inode(node.number)[2], node.size
