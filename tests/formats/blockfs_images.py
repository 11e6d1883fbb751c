"""Targets, sources and trees for the tests of BlockFS."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from portwright.base.sources import Memory, Scattered, Source, inside
from portwright.formats import Copied, Layout, Literally, Node, Packing, Problem, blockfs

BLOCK = 4096
MIB = 1 << 20


class Image:
    """An image in memory that can be written, in blocks that are there when they were written."""

    def __init__(self, data: bytes = b"", size: int | None = None, name: str = "image") -> None:
        self.name, self.size = name, len(data) if size is None else size
        self.blocks: dict[int, bytearray] = {}
        self.written = 0
        if data:
            for index in range(0, len(data), BLOCK):
                part = data[index : index + BLOCK]
                if any(part):
                    self.blocks[index // BLOCK] = bytearray(part.ljust(BLOCK, b"\0"))

    def read(self, offset: int, length: int) -> bytes:
        inside(self, offset, length)
        found = []
        while length:
            index, skip = divmod(offset, BLOCK)
            part = min(length, BLOCK - skip)
            block = self.blocks.get(index)
            found.append(bytes(part) if block is None else bytes(block[skip : skip + part]))
            offset, length = offset + part, length - part
        return b"".join(found)

    def write(self, offset: int, data: bytes) -> None:
        inside(self, offset, len(data))
        self.written += len(data)
        at = 0
        while at < len(data):
            index, skip = divmod(offset + at, BLOCK)
            part = data[at : at + BLOCK - skip]
            if any(part) or index in self.blocks:
                block = self.blocks.setdefault(index, bytearray(BLOCK))
                block[skip : skip + len(part)] = part
            at += BLOCK - skip

    def copy(self, offset: int, source: Source, start: int, length: int) -> None:
        self.write(offset, source.read(start, length))

    def put(self, offset: int, form: str, *values: int) -> None:
        self.write(offset, struct.pack("<" + form, *values))

    def get(self, offset: int, form: str) -> int:
        (value,) = struct.unpack("<" + form, self.read(offset, struct.calcsize("<" + form)))
        return int(value)

    def bytes(self) -> bytes:
        return self.read(0, self.size)


class Marked:
    """A large file that costs nothing: each block begins with its number, the rest is a letter."""

    def __init__(self, size: int, name: str = "marked") -> None:
        self.size, self.name = size, name

    def read(self, offset: int, length: int) -> bytes:
        inside(self, offset, length)
        first, last = offset // BLOCK, (offset + length - 1) // BLOCK
        data = b"".join(struct.pack("<Q", n).ljust(BLOCK, b"m") for n in range(first, last + 1))
        return data[offset % BLOCK : offset % BLOCK + length]


def written(layout: Layout, content: bool = True) -> Image:
    """The image that a layout's pieces make (`content`: files too); they must come in order and not overlap."""
    image, end = Image(size=layout.size), 0
    for piece in layout.pieces:
        assert piece.offset >= end, "pieces in the order of their offsets"
        if isinstance(piece, Literally):
            image.write(piece.offset, piece.data)
            end = piece.offset + len(piece.data)
        else:
            assert isinstance(piece, Copied)
            if content:
                image.copy(piece.offset, piece.source, piece.start, piece.length)
            end = piece.offset + piece.length
    assert end <= layout.size
    return image


def packed(nodes: Iterable[Node], content: bool = True, **packing: int | str) -> Image:
    return written(blockfs.layout(nodes, Packing(**packing)), content)  # type: ignore[arg-type]


def folder(path: str) -> Node:
    return Node(path.encode(), "directory", 0o755)


def file(path: str, data: bytes | Source = b"", mode: int = 0o644) -> Node:
    source = Memory(data) if isinstance(data, bytes) else data
    return Node(path.encode(), "file", mode, source.size, content=source)


def symlink(path: str, target: str) -> Node:
    return Node(path.encode(), "symlink", 0o777, target=target.encode())


def content(image: Source, node: Node) -> bytes:
    stretches = Scattered(image, blockfs.read(image).stretches(node))
    return stretches.read(0, stretches.size)


def tree(image: Source) -> dict[bytes, tuple[str, int, bytes, bytes]]:
    """What an image holds: path -> kind, mode, content or target, path of the same file."""
    found = {}
    volume = blockfs.read(image)
    for node in volume.walk():
        held = node.target
        if node.kind == "file":
            stretches = Scattered(image, volume.stretches(node))
            assert stretches.size == node.size
            held = stretches.read(0, min(stretches.size, 20 * MIB))  # a damaged size is up to 4 GiB
        found[node.path] = node.kind, node.mode, held, node.same_as
    return found


def codes(image: Source) -> list[str]:
    """The codes of the problems of an image, without `blockfs/`."""
    return [problem.code.removeprefix("blockfs/") for problem in problems(image)]


def problems(image: Source) -> list[Problem]:
    return list(blockfs.check(image))
