"""A tree of files as an image would have it, for tests that need no image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portwright.base.sources import Memory, Source
from portwright.formats import Node


class Tree:
    """A volume of files by path; a value of None is a folder."""

    def __init__(self, files: Mapping[str, bytes | None]) -> None:
        self.nodes: dict[bytes, Node] = {b"": Node(b"", "directory", 0o755)}
        self.facts: Mapping[str, str | int] = {"files": len(files)}
        self.places: dict[bytes, int] = {}
        data = b""
        for path, content in files.items():
            name = path.encode()
            kind = "directory" if content is None else "file"
            self.nodes[name] = Node(
                name, "file" if kind == "file" else "directory", 0o755, len(content or b"")
            )
            self.places[name] = len(data)
            data += content or b""
        self.source: Source = Memory(data, "tree")

    def walk(self) -> Iterator[Node]:
        yield from self.nodes.values()

    def lookup(self, path: bytes) -> Node | None:
        return self.nodes.get(path)

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        yield self.places[node.path], node.size
