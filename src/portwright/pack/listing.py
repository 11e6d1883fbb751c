"""Rows about the files of an image, for lists, trees and documents."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass

from portwright.formats import Kind, Node
from portwright.pack import volume as volumes
from portwright.pack.place import shown
from portwright.pack.volume import Found

_LETTERS: dict[Kind, int] = {
    "file": stat.S_IFREG,
    "directory": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "character": stat.S_IFCHR,
    "block": stat.S_IFBLK,
    "fifo": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A file of an image. Bytes of a name that are no UTF-8 are lone surrogates, as Python's `surrogateescape`."""

    path: str
    kind: Kind
    mode: int
    size: int
    uid: int
    gid: int
    modified: int
    links: int
    target: str | None = None
    device: tuple[int, int] | None = None

    @property
    def letters(self) -> str:
        """Kind and mode as `ls -l` writes them."""
        return stat.filemode(_LETTERS[self.kind] | self.mode)


def row(node: Node) -> Row:
    """The row of a node."""
    special = node.kind in ("character", "block")
    return Row(
        shown(node.path),
        node.kind,
        node.mode,
        node.size,
        node.uid,
        node.gid,
        node.modified,
        node.links,
        node.target.decode("utf-8", "surrogateescape") if node.kind == "symlink" else None,
        node.device if special else None,
    )


def rows(found: Found, *, deep: bool = False) -> Iterator[Row]:
    """What is in the folder that is found (with `deep`, in all below it too), sorted; a file itself where it is one."""
    inside = volumes.folder_of(found)
    node = inside.node
    if node.kind != "directory":
        yield row(node)
        return
    below = volumes.below(inside.volume, node.path) if deep else volumes.children(inside.volume, node.path)
    for each in sorted((each for each in below if each.path != node.path), key=order):
        yield row(each)


def order(node: Node) -> list[bytes]:
    """Sorts nodes folder by folder."""
    return node.path.split(b"/")


def top(found: Found) -> str:
    """The path of the folder whose rows are listed."""
    return shown(volumes.folder_of(found).node.path)
