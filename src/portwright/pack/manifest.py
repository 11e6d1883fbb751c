"""The content manifest: a line for each file of a tree, with the hash of what it holds, and the hash of all lines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from portwright.base.hashing import hash_bytes
from portwright.base.sources import File, Source
from portwright.formats import Node
from portwright.pack.listing import order
from portwright.pack.place import printable
from portwright.pack.volume import chunks


@dataclass(frozen=True, slots=True)
class Line:
    """A file: `content` is the SHA-256 of what it holds, or where a symlink points; empty for folders."""

    path: bytes
    kind: str
    executable: bool
    size: int
    content: str

    def __str__(self) -> str:
        mark = "x" if self.executable else "-"
        return f"{self.kind:<9} {mark} {self.size:>12} {self.content or '-'} /{printable(self.path)}"


def digest(source: Source) -> str:
    """The SHA-256 of a source."""
    found = hashlib.sha256()
    for chunk in chunks(source):
        found.update(chunk)
    if isinstance(source, File):
        source.close()
    return found.hexdigest()


def lines(
    nodes: Iterable[Node],
    content: Callable[[Node], Source],
    known: Mapping[bytes, str] | None = None,
) -> list[Line]:
    """The manifest of a tree; `content` gives a file's bytes, `known` hashes that are known already, by path."""
    rows = sorted((node for node in nodes if node.path), key=order)
    hashes = dict(known or {})
    files = [node for node in rows if node.kind == "file" and node.path not in hashes]
    with ThreadPoolExecutor(2) as pool:
        hashes |= zip(
            (node.path for node in files), pool.map(lambda node: digest(content(node)), files), strict=True
        )
    return [_line(node, hashes) for node in rows]


def _line(node: Node, hashes: Mapping[bytes, str]) -> Line:
    held = hashes.get(node.path, "")
    if node.kind == "symlink":
        held = printable(node.target)
    size = 0 if node.kind == "directory" else node.size
    return Line(node.path, node.kind, node.kind == "file" and bool(node.mode & 0o100), size, held)


def text(rows: Iterable[Line]) -> str:
    """The manifest as a file."""
    return "".join(f"{each}\n" for each in rows)


def total(rows: Iterable[Line]) -> str:
    """The hash of a manifest."""
    return hash_bytes(text(rows).encode())


def by_path(rows: Iterable[Line]) -> Iterator[tuple[bytes, str]]:
    """(path, hash) of the files."""
    return ((each.path, each.content) for each in rows if each.kind == "file")
