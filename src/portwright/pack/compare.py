"""What differs between two trees (of images or of the host): first in what they hold, then in what is said about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.sources import AT_ONCE, File, Source
from portwright.formats import Node
from portwright.pack import tree
from portwright.pack import volume as volumes
from portwright.pack.place import shown
from portwright.pack.tree import Keeping
from portwright.pack.volume import Found


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one side, by path; `facts` are the things that it knows about them (`mode`, `owner`, `time`)."""

    nodes: Mapping[bytes, Node]
    contents: Mapping[bytes, Source]
    facts: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that differs: `aspect` is `only-left`, `only-right`, `kind`, `content`, `target`, `mode`, `owner` or
    `time`; `left` and `right` say how."""

    path: str
    aspect: str
    left: str = ""
    right: str = ""

    @property
    def of_content(self) -> bool:
        """Whether what the trees hold differs, not only what is said about it."""
        return self.aspect not in ("mode", "owner", "time")


def host(folder: Path) -> Tree:
    """A folder of the host: who owns its files and when they were changed is of the host, and not compared."""
    nodes = {node.path: node for node in tree.nodes(folder, Keeping())}
    contents = {path: node.content for path, node in nodes.items() if node.content is not None}
    return Tree(nodes, contents, frozenset({"mode"}))


def image(found: Found) -> Tree:
    """The folder of an image that is found."""
    inside = volumes.folder_of(found)
    top = inside.node
    cut = len(top.path) + 1 if top.path else 0
    nodes = {node.path[cut:]: node for node in volumes.below(inside.volume, top.path)}
    if top.kind != "directory":
        nodes = {top.name: top}
    contents = {
        path: volumes.content(inside.volume, node) for path, node in nodes.items() if node.kind == "file"
    }
    return Tree(nodes, contents, frozenset({"mode", "owner", "time"}))


def differences(left: Tree, right: Tree, *, content_only: bool = False) -> list[Difference]:
    """What differs: contents first, then the rest, each sorted by path."""
    found = list(_content(left, right))
    if not content_only:
        found += _rest(left, right)
    return found


def _paths(left: Tree, right: Tree) -> list[bytes]:
    return sorted({*left.nodes, *right.nodes}, key=lambda path: path.split(b"/"))


def _content(left: Tree, right: Tree) -> Iterator[Difference]:
    for path in _paths(left, right):
        one, other = left.nodes.get(path), right.nodes.get(path)
        if one is None or other is None:
            there = one or other
            assert there is not None
            side = "only-right" if one is None else "only-left"
            yield Difference(shown(path), side, *((there.kind, "") if other is None else ("", there.kind)))
        elif one.kind != other.kind:
            yield Difference(shown(path), "kind", one.kind, other.kind)
        elif one.kind == "symlink" and one.target != other.target:
            yield Difference(shown(path), "target", _text(one.target), _text(other.target))
        elif one.kind == "file":
            yield from _bytes(path, left.contents[path], right.contents[path])


def _bytes(path: bytes, left: Source, right: Source) -> Iterator[Difference]:
    place = first_difference(left, right)
    if left.size != right.size:
        sizes = [f"{side.size:,} bytes" for side in (left, right)]
        yield Difference(shown(path), "content", *sizes)
    elif place is not None:
        values = [f"{side.read(place, 1)[0]:02x} at {place:#x}" for side in (left, right)]
        yield Difference(shown(path), "content", *values)
    for side in (left, right):
        if isinstance(side, File):
            side.close()


def first_difference(left: Source, right: Source) -> int | None:
    """The address of the first byte that two sources of one size have otherwise."""
    if left.size != right.size:
        return min(left.size, right.size)
    for at in range(0, left.size, AT_ONCE):
        length = min(AT_ONCE, left.size - at)
        one, other = left.read(at, length), right.read(at, length)
        if one != other:
            return at + next(index for index in range(length) if one[index] != other[index])
    return None


def _rest(left: Tree, right: Tree) -> Iterator[Difference]:
    known = left.facts & right.facts
    for path in _paths(left, right):
        one, other = left.nodes.get(path), right.nodes.get(path)
        if one is None or other is None or one.kind != other.kind:
            continue
        if "mode" in known and one.mode != other.mode and one.kind != "symlink":
            yield Difference(shown(path), "mode", f"{one.mode:04o}", f"{other.mode:04o}")
        if "owner" in known and (one.uid, one.gid) != (other.uid, other.gid):
            yield Difference(shown(path), "owner", f"{one.uid}:{one.gid}", f"{other.uid}:{other.gid}")
        if "time" in known and one.modified != other.modified:
            yield Difference(shown(path), "time", str(one.modified), str(other.modified))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
