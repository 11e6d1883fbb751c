"""Volumes that can say what is in one folder say the same as a walk of the whole tree."""

from __future__ import annotations

import pytest

from portwright.base import rooms
from portwright.base.sources import Memory
from portwright.formats import Copied, Folders, Layout, Node, Packing

ROOM = "portwright.formats"
FORMATS = [name for name, found in rooms.load_all(ROOM).items() if getattr(found, "HOLDS", "") == "files"]
WRITABLE = ["blockfs", "cpio", "fat", "redox-initfs"]


def _bytes(layout: Layout) -> bytes:
    image = bytearray(layout.size)
    for piece in layout.pieces:
        data = (
            piece.source.read(piece.start, piece.length) if isinstance(piece, Copied) else bytes(piece.data)
        )
        image[piece.offset : piece.offset + len(data)] = data
    return bytes(image)


def _tree() -> list[Node]:
    nodes = [Node(b"", "directory", 0o755)]
    for folder in (b"bin", b"etc", b"etc/pcid", b"empty"):
        nodes.append(Node(folder, "directory", 0o755))
    for number in range(300):  # more than one block of records
        path = b"bin/a-program-of-some-name-%03d" % number
        nodes.append(Node(path, "file", 0o644, 3, content=Memory(b"%03d" % number)))
    nodes.append(Node(b"etc/pcid/initfs.toml", "file", 0o644, 2, content=Memory(b"x\n")))
    return sorted(nodes, key=lambda node: node.path)


def test_every_format_of_files_is_asked() -> None:
    assert set(WRITABLE) <= set(FORMATS)
    assert {"blockfs", "fat"} <= {name for name in WRITABLE if isinstance(_volume(name), Folders)}


def _volume(name: str) -> object:
    module = rooms.load(ROOM, name)
    return module.read(Memory(_bytes(module.layout(_tree(), Packing())), "image"))


@pytest.mark.parametrize("name", [name for name in WRITABLE if isinstance(_volume(name), Folders)])
def test_a_folder_alone_is_as_in_the_walk(name: str) -> None:
    volume = _volume(name)
    assert isinstance(volume, Folders)
    nodes = list(volume.walk())  # type: ignore[attr-defined]
    for folder in [node.path for node in nodes if node.kind == "directory"]:
        inside = [node for node in nodes if node.path and node.parent == folder]
        assert list(volume.children(folder)) == inside, folder
    assert list(volume.children(b"etc/pcid/initfs.toml")) == [] == list(volume.children(b"missing"))
