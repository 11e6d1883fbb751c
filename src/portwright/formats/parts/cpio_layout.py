"""Lays a tree out as a cpio archive in the format newc, compressed or not.

Nothing of it is left to chance: inodes count from 1, the archive's own device is 0, and a compressed archive says
neither a time nor a name. The content of a file with several names comes with the last of them, as GNU cpio and the
kernel expect it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from portwright.base.errors import Fault, Where, raise_if
from portwright.base.sources import AT_ONCE, Source
from portwright.formats import Copied, Layout, Literally, Node, Packing, Piece
from portwright.formats.parts.cpio_archive import MOST_NAME, TRAILER, TYPES, Entry, header, parts_of

BLOCK = 512
MOST = 0xFFFFFFFF
GZIP_LEVEL, ZSTD_LEVEL = 6, 9
KEPT = 64 << 20
"""Bytes of a compressed archive that are kept from when its size was found; more are made a second time."""


def layout(nodes: Iterable[Node], packing: Packing) -> Layout:
    """The archive of a tree; raises `BadInput` with everything that it cannot hold."""
    rows = list(nodes)
    faults = list(_faults(rows))
    if packing.compression not in ("", "none", *_COMPRESSORS):
        known = ", ".join(_COMPRESSORS)
        what = f"no compression `{packing.compression}`"
        faults.append(Fault(what, None, f"there are {known}, and none", "cpio/compression"))
    raise_if(faults)
    if packing.order == "sorted":
        rows.sort(key=lambda node: node.path.split(b"/"))
    made: Layout = _archive(rows)
    maker = _COMPRESSORS.get(packing.compression)
    if maker is not None:
        made = _compressed(made, maker)
    if packing.most is not None and made.size > packing.most:
        what = f"the archive has {made.size} bytes, and may have {packing.most}"
        raise_if([Fault(what, None, "leave files out, or allow more", "cpio/no-room")])
    return made


def _faults(rows: list[Node]) -> Iterator[Fault]:
    """What cannot be in an archive."""
    known: dict[bytes, Node] = {b"": Node(b"", "directory")}
    for node in rows:
        where = Where("/" + node.path.decode("utf-8", "replace"))
        if node.path and node.path in known:
            yield Fault("this path is there twice", where, "leave one of them out", "cpio/twice")
        elif node.path.rpartition(b"/")[0] not in known:
            yield Fault(
                "the folder that this is in does not come before it", where, "give it too", "cpio/no-folder"
            )
        elif known[node.path.rpartition(b"/")[0]].kind != "directory":
            yield Fault("what this is in is no folder", where, "rename one of them", "cpio/not-a-folder")
        known[node.path] = node
        what = _wrong_name(node.path)
        if what is not None:
            yield Fault(what, where, "give it another name", "cpio/name")
        size = node.content.size if node.content is not None else 0
        if node.kind == "file" and not node.same_as and node.content is None and node.size:
            what = f"{node.size} bytes that nothing gives"
            yield Fault(what, where, "a file of an archive is packed with its content", "cpio/no-content")
        if size > MOST:
            what = f"{size} bytes are too many: a file in an archive has less than 4 GiB"
            yield Fault(what, where, "leave it out, or take another format", "cpio/file-size")
        if node.kind == "symlink" and not 0 < len(node.target) < MOST_NAME:
            what = f"a symbolic link to {len(node.target)} bytes"
            yield Fault(what, where, f"it has 1 to {MOST_NAME - 1}", "cpio/target")
        if not (
            0 <= node.uid <= MOST
            and 0 <= node.gid <= MOST
            and max(node.device) <= MOST
            and min(node.device) >= 0
        ):
            yield Fault(
                "an owner or a device of more than 32 bits", where, "give it a smaller one", "cpio/number"
            )
        if node.same_as and (
            node.kind != "file" or node.same_as not in known or known[node.same_as].kind != "file"
        ):
            what = f"another name of /{node.same_as.decode('utf-8', 'replace')}, which is no file before it"
            yield Fault(what, where, "give the file itself first", "cpio/link")


def _wrong_name(path: bytes) -> str | None:
    if b"\0" in path or len(path) >= MOST_NAME:
        return f"the kernel takes no path with a zero in it, or of {MOST_NAME} bytes and more"
    if path == TRAILER:
        return "this name means the archive's end"
    if path and (parts_of(path) != path.split(b"/") or b".." in path.split(b"/")):
        return "a path of an archive has no empty parts, no `.` and no `..`"
    return None


def _archive(rows: list[Node]) -> Layout:
    """The archive, not compressed."""
    first = {node.path: node.same_as or node.path for node in rows}
    for path, same in first.items():  # a name of a name is one of the file
        while first.get(same, same) != same:
            same = first[same]
        first[path] = same
    by_path = {node.path: node for node in rows}
    counts: dict[bytes, int] = {}
    last: dict[bytes, bytes] = {}
    for node in rows:
        counts[first[node.path]] = counts.get(first[node.path], 0) + 1
        last[first[node.path]] = node.path
    numbers: dict[bytes, int] = {}
    places: list[tuple[int, bytes, Source | None]] = []
    at = 0
    for node in rows:
        group = first[node.path]
        content = by_path[group].content if node.kind == "file" and last[group] == node.path else None
        number = numbers.setdefault(group, len(numbers) + 1)
        links = 2 if node.kind == "directory" else counts[group]
        size = len(node.target) if node.kind == "symlink" else content.size if content is not None else 0
        data = _header(node, number, links, size)
        data += bytes(-len(data) % 4) + (node.target if node.kind == "symlink" else b"")
        places.append((at, data, content))
        at += len(data) + (content.size if content is not None else 0)
        at += -at % 4
    end = header(replace(_EMPTY, name=TRAILER, links=1))
    places.append((at, end, None))
    size = -(-(at + len(end)) // BLOCK) * BLOCK
    return Layout(size, _Pieces(places))


class _Pieces:
    """The pieces of an archive, of which the headers are made already."""

    def __init__(self, places: list[tuple[int, bytes, Source | None]]) -> None:
        self.places = places

    def __iter__(self) -> Iterator[Piece]:
        for at, data, content in self.places:
            yield Literally(at, data)
            if content is not None and content.size:
                yield Copied(at + len(data), content, 0, content.size)


_EMPTY = Entry(0, b"", 0, 0, 0, 0, 1, 0, 0, 0, (0, 0), (0, 0), None)


def _header(node: Node, number: int, links: int, size: int) -> bytes:
    mode = TYPES[node.kind] | node.mode & 0o7777
    modified = min(max(node.modified, 0), MOST)
    own = node.device if node.kind in ("character", "block") else (0, 0)
    name = node.path or b"."
    entry = Entry(0, name, mode, number, node.uid, node.gid, links, modified, size, 0, (0, 0), own, None)
    return header(entry)


# compression


class _Compressor(Protocol):
    """What zlib and zstandard have in common."""

    def compress(self, data: bytes, /) -> bytes:
        """Take bytes in; some of what they become."""

    def flush(self) -> bytes:
        """The rest."""


def _gzip(size: int) -> _Compressor:
    return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)


def _zstd(size: int) -> _Compressor:
    import zstandard  # takes a while, and few archives need it

    return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compressobj(size=size)


_COMPRESSORS: dict[str, Callable[[int], _Compressor]] = {"gzip": _gzip, "zstd": _zstd}


def _compressed(plain: Layout, maker: Callable[[int], _Compressor]) -> Layout:
    """An archive compressed. Its size is known only when it has been made once; a large one is then made again."""
    kept: list[bytes] | None = []
    size = 0
    for part in _pack(plain, maker):
        size += len(part)
        if kept is not None:
            kept.append(part)
            if size > KEPT:
                kept = None
    return Layout(size, _Packed(plain, maker, kept))


class _Packed:
    """The pieces of a compressed archive."""

    def __init__(self, plain: Layout, maker: Callable[[int], _Compressor], kept: list[bytes] | None) -> None:
        self.plain, self.maker, self.kept = plain, maker, kept

    def __iter__(self) -> Iterator[Piece]:
        at = 0
        for part in self.kept if self.kept is not None else _pack(self.plain, self.maker):
            yield Literally(at, part)
            at += len(part)


def _pack(plain: Layout, maker: Callable[[int], _Compressor]) -> Iterator[bytes]:
    """The compressed bytes, in parts."""
    compressor = maker(plain.size)
    for data in _bytes_of(plain):
        part = compressor.compress(data)
        if part:
            yield part
    yield compressor.flush()


def _bytes_of(plain: Layout) -> Iterator[bytes]:
    """The bytes of a layout from its beginning to its end."""
    at = 0
    for piece in plain.pieces:
        if piece.offset > at:
            yield bytes(piece.offset - at)
        if isinstance(piece, Literally):
            yield piece.data
            at = piece.offset + len(piece.data)
            continue
        for start in range(0, piece.length, AT_ONCE):
            yield piece.source.read(piece.start + start, min(AT_ONCE, piece.length - start))
        at = piece.offset + piece.length
    yield bytes(plain.size - at)
