"""What the tests of cpio share: a tree, archives made of nodes and by hand, and what a volume is."""

from __future__ import annotations

from typing import Any

from formats.disk_images import content, file, folder, render
from portwright.formats import Node, Packing, Volume, cpio

COMPRESSIONS = ("", "gzip", "zstd")
TREE = [
    Node(b"", "directory", 0o755, modified=5),
    folder("bin"),
    file("bin/busybox", bytes(range(256)) * 300, 0o4755),
    Node(b"bin/ls", "file", 0o4755, same_as=b"bin/busybox", modified=1_000_000_000),
    Node(b"bin/sh", "symlink", 0o777, target=b"busybox", modified=3),
    folder("dev"),
    Node(b"dev/null", "character", 0o666, device=(1, 3)),
    Node(b"dev/sda", "block", 0o660, device=(8, 0)),
    Node(b"dev/pipe", "fifo", 0o600),
    file("empty"),
    file("init", b"#!/bin/sh\n", 0o755),
    Node(b"zz hard link", "file", 0o4755, same_as=b"bin/busybox"),
]


def archive(nodes: list[Node] | None = None, **fields: Any) -> bytes:
    return bytes(render(cpio.layout(TREE if nodes is None else nodes, Packing(**fields))))


def described(volume: Volume) -> dict[bytes, tuple[Any, ...]]:
    """Every path with all that is kept of it."""
    found: dict[bytes, tuple[Any, ...]] = {}
    for node in volume.walk():
        said = node.target if node.kind == "symlink" else node.device
        data = content(volume, node) if node.kind == "file" else b""
        found[node.path] = (node.kind, node.mode, said, node.links if node.kind == "file" else 0, data)
    return found


def wanted(nodes: list[Node]) -> dict[bytes, tuple[Any, ...]]:
    by_path = {node.path: node for node in nodes}
    found: dict[bytes, tuple[Any, ...]] = {}
    for node in nodes:
        first = by_path[node.same_as or node.path]
        links = 1 + sum(each.same_as == first.path for each in nodes) if node.kind == "file" else 0
        data = first.content.read(0, first.content.size) if first.content is not None else b""
        found[node.path] = (node.kind, node.mode, node.target or node.device, links, data)
    return found


def entry(
    name: str | bytes, data: bytes = b"", mode: int = 0o100644, ino: int = 1, links: int = 1, **more: int
) -> bytes:
    """An entry by hand."""
    raw = (name.encode() if isinstance(name, str) else name) + b"\0"
    size = more.get("size", len(data))
    fields = (
        ino,
        mode,
        0,
        0,
        links,
        0,
        size,
        0,
        0,
        0,
        0,
        more.get("namesize", len(raw)),
        more.get("check", 0),
    )
    magic = b"070702" if "check" in more else b"070701"
    head = magic + b"".join(b"%08x" % field for field in fields) + raw
    head += bytes(-len(head) % 4) + data
    return head + bytes(-len(head) % 4)


END = entry("TRAILER!!!", mode=0)
