"""What the tests of FAT, GPT and cpio share: layouts made into bytes, a target in memory, trees, and the oracles."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from portwright.base.sources import Memory, Scattered, Source, inside
from portwright.formats import Copied, Layout, Literally, Node, Volume


def render(layout: Layout) -> bytearray:
    """The image, and that its pieces follow each other and lie inside."""
    image = bytearray(layout.size)
    end = 0
    for piece in layout.pieces:
        if isinstance(piece, Literally):
            data = piece.data
        else:
            assert isinstance(piece, Copied)
            data = piece.source.read(piece.start, piece.length)
        assert piece.offset >= end, "pieces come in the order of their offsets"
        end = piece.offset + len(data)
        assert end <= layout.size
        image[piece.offset : end] = data
    return image


def save(image: bytes | bytearray | memoryview, path: Path) -> None:
    """Write an image, its zeros as holes."""
    zeros, step = bytes(1 << 16), 1 << 16
    with path.open("wb") as out:
        for at in range(0, len(image), step):
            part = image[at : at + step]
            if part != zeros:
                out.seek(at)
                out.write(part)
        out.truncate(len(image))


class Buffer(Memory):
    """A target in memory, which counts what is written."""

    def __init__(self, data: bytes | bytearray, name: str = "image") -> None:
        super().__init__(bytearray(data), name)
        self.written = 0

    def write(self, offset: int, data: bytes) -> None:
        inside(self, offset, len(data))
        assert isinstance(self.data, bytearray)
        self.data[offset : offset + len(data)] = data
        self.written += len(data)

    def copy(self, offset: int, source: Source, start: int, length: int) -> None:
        self.write(offset, source.read(start, length))


def folder(path: str, modified: int = 1_000_000_000) -> Node:
    return Node(path.encode(), "directory", 0o755, modified=modified)


def file(path: str, content: bytes = b"", mode: int = 0o644, modified: int = 1_000_000_000) -> Node:
    return Node(path.encode(), "file", mode, len(content), modified=modified, content=Memory(content, path))


def content(volume: Volume, node: Node) -> bytes:
    """What a file of a volume holds."""
    found = Scattered(volume.source, volume.stretches(node))
    return found.read(0, found.size)


def contents(volume: Volume) -> dict[bytes, bytes | None]:
    """Every path of a volume with its content, None for a folder."""
    return {
        node.path: content(volume, node) if node.kind == "file" else None
        for node in volume.walk()
        if node.path
    }


def tool(
    *words: str | Path, ok: Iterable[int] | None = (0,), stdin: bytes = b"", cwd: Path | None = None
) -> str:
    """What an oracle says; skips by name where it is not there."""
    path = shutil.which(str(words[0]), path="/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/bin")
    if path is None:
        pytest.skip(f"{words[0]} is not on this machine")
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "MTOOLSRC": "/dev/null"}
    done = subprocess.run([path, *map(str, words[1:])], capture_output=True, input=stdin, env=env, cwd=cwd)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert ok is None or done.returncode in ok, f"{words}: {done.returncode}\n{said}"
    return said
