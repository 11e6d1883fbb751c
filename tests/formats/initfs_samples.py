"""Initfs images made and read in another way than portwright does: by the fact sheet, without its code."""

from __future__ import annotations

import struct
from typing import Any

from portwright.base.sources import Memory
from portwright.formats import Layout, Literally, Node, Packing, redox_initfs

PAGE = 4096
WRITTEN = ("R3", "R4a", "R4b", "R5")
ALL = ("R0", "R1", "R2", *WRITTEN)
BOOTSTRAP = (struct.pack("<16sHHIQ", b"\x7fELF\2\1\1" + bytes(9), 2, 183, 1, 0x210120) + bytes(1000))[:992]


def written(layout: Layout) -> bytes:
    """A layout's bytes; its pieces must come in order and not overlap."""
    image, end = bytearray(layout.size), 0
    for piece in layout.pieces:
        assert piece.offset >= end
        if isinstance(piece, Literally):
            data = piece.data
        else:
            data = piece.source.read(piece.start, piece.length)
        end = piece.offset + len(data)
        assert end <= layout.size
        image[piece.offset : end] = data
    return bytes(image)


def file(path: bytes, data: bytes, mode: int = 0o644) -> Node:
    """A file to be packed."""
    return Node(path, "file", mode, len(data), content=Memory(data))


def folder(path: bytes) -> Node:
    """A folder to be packed."""
    return Node(path, "directory", 0o755)


def link(path: bytes, target: bytes) -> Node:
    """A symlink to be packed."""
    return Node(path, "symlink", 0o777, len(target), target)


def sheet_tree(layout: str) -> list[Node]:
    """The tree of the fact sheet's test vectors, in the order in which an archiver found it on a disk."""
    big = bytes(range(250)) * 36
    targets = (b"bin/init", b"etc/../bin/init") if layout == "R3" else (b"init", b"../bin/init")
    return [
        *(folder(b""), folder(b"etc"), file(b"etc/init.rc", b"x" * 31), folder(b"etc/pcid")),
        *(file(b"etc/zero", b""), link(b"etc/lnk", targets[1]), folder(b"empty")),
        *(folder(b"lib"), folder(b"lib/drivers"), folder(b"bin"), link(b"bin/nulld", targets[0])),
        *(file(b"bin/init", b"init data", 0o755), file(b"bin/big", big)),
    ]


def packed(layout: str = "R3", nodes: list[Node] | None = None, **more: Any) -> bytes:
    """An image of the sheet's tree (or of another) with the sheet's bootstrap (or another)."""
    more.setdefault("bootstrap", Memory(BOOTSTRAP))
    return written(
        redox_initfs.layout(nodes or sheet_tree(layout), Packing(layout=layout, order="given", **more))
    )


def plain_tree(image: bytes, layout: str) -> dict[bytes, tuple[str, int, bytes]]:
    """What a layout's own reader would find: path -> kind, mode, content."""
    table = struct.unpack_from("<I", image, 8)[0]
    count = struct.unpack_from("<H", image, 0x18)[0]
    root = struct.unpack_from("<H", image, 0x16)[0] if layout == "R5" else 0
    stride = 12 if layout in ("R4a", "R4b", "R5") else 20
    found: dict[bytes, tuple[str, int, bytes]] = {}

    def visit(number: int, path: bytes) -> None:
        assert number < count
        field, length, offset = struct.unpack_from("<III", image, table + stride * number)
        if layout in ("R4b", "R5"):
            names = (("file", 0o444), ("file", 0o555), ("directory", 0o555), ("symlink", 0o777))
            kind, mode = names[field]
        else:
            kind, mode = ("file", "directory", "symlink")[field >> 28], field & 0xFFF
        data = image[offset : offset + length]
        assert len(data) == length and (layout < "R3" or offset % PAGE == 0)
        found[path] = (kind, mode, b"" if kind == "directory" else data)
        if kind == "directory":
            for inode, size, place in struct.iter_unpack("<HHI", data):
                name = image[place : place + size]
                assert inode != root and len(name) == size
                visit(inode, path + b"/" + name if path else name)

    visit(root, b"")
    assert len(found) == count
    return found


def old_image(layout: str, tree: dict[str, Any], *, bootstrap: bytes = b"", page: bool = True) -> bytes:
    """An image of R0, R1 or R2, without any alignment. `tree`: bytes are files, dicts are folders."""
    image = bytearray(PAGE if page else 26)
    image += bootstrap
    table = len(image)
    count = 1 + _count(tree)
    image += bytes(20 * count)
    last = 0

    def inode(number: int, field: int, length: int, offset: int) -> None:
        struct.pack_into("<IIIII", image, table + 20 * number, field, length, offset, 0, 0)

    def fill(entries: dict[str, Any]) -> tuple[int, int]:
        nonlocal last
        start = len(image)
        image.extend(bytes(8 * len(entries)))
        for index, (name, content) in enumerate(entries.items()):
            if isinstance(content, dict):
                offset, length = fill(content)
                field = 1 << 28 | 0o755
            else:
                offset, length, field = len(image), len(content), 0o640
                image.extend(content)
            last += 1
            inode(last, field, length, offset)
            struct.pack_into("<HHI", image, start + 8 * index, last, len(name), len(image))
            image.extend(name.encode())
        return start, 8 * len(entries)

    offset, length = fill(tree)
    inode(0, 1 << 28 | 0o755, length, offset)
    struct.pack_into("<8sIQIH", image, 0, b"RedoxFtw", table, 1_700_000_000, 4096, count)
    if layout != "R0":
        struct.pack_into("<Q", image, 0x1A, 0x3000 if bootstrap else 0xFFFF_FFFF_FFFF_FFFF)
    if layout == "R2":
        struct.pack_into("<Q", image, 0x22, len(image))
    return bytes(image)


def _count(tree: dict[str, Any]) -> int:
    return sum(1 + (_count(content) if isinstance(content, dict) else 0) for content in tree.values())
