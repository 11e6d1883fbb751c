"""A folder of the host as the nodes of an image: names as bytes, sorted, links kept; what cannot be packed is named."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import Fault, PortwrightError, Where, raise_if
from portwright.base.sources import File
from portwright.formats import Node

_OTHER = {
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept of the host's files: by default neither owners nor times, so that an image is the same anywhere.

    `owners` keeps user and group, `times` the times of change; else files belong to 0:0 and are of `modified`.
    `modes`: "given" as they are, "plain" (0755 for folders and what its owner may execute, else 0644). `order`: of the
    names in a folder: "sorted", or "given" as the host lists them.
    """

    owners: bool = False
    times: bool = False
    modified: int = 0
    modes: str = "given"
    order: str = "sorted"


def epoch() -> int:
    """The time that images are given: SOURCE_DATE_EPOCH, or 0."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(said) if said.isdecimal() else 0


def nodes(root: Path | str, keeping: Keeping | None = None, below: bytes = b"") -> list[Node]:
    """The nodes of a folder, the root first and each folder before what is in it; raises `BadInput` with every
    file that no image holds (devices, pipes, sockets). `below` is the path that the folder itself is given."""
    reader = _Reader(keeping or Keeping(modified=epoch()))
    place = os.fsencode(root)
    try:
        found = [reader.node(below, os.stat(place), place)]  # noqa: PTH116 - paths are bytes here
        found += reader.folder(place, below)
    except OSError as error:
        raise PortwrightError([_unreadable(error)]) from error
    raise_if(reader.faults)
    return found


def single(path: Path | str, inside: bytes, keeping: Keeping | None = None) -> list[Node]:
    """The node of one file (a folder: with all in it), as it shall lie at a path of an image."""
    place = os.fsencode(path)
    try:
        status = os.lstat(place)
    except OSError as error:
        raise PortwrightError([_unreadable(error)]) from error
    if stat.S_ISDIR(status.st_mode):
        return nodes(path, keeping, inside)
    reader = _Reader(keeping or Keeping(modified=epoch()))
    found = [node for node in [reader.node(inside, status, place)] if node.kind]
    raise_if(reader.faults)
    return found


class _Reader:
    """One walk: the faults that it found and the files of which it has seen one name."""

    def __init__(self, keeping: Keeping) -> None:
        self.keeping = keeping
        self.faults: list[Fault] = []
        self.seen: dict[tuple[int, int], Node] = {}
        self.mode: Callable[[int], int] = _plain if keeping.modes == "plain" else stat.S_IMODE

    def folder(self, place: bytes, prefix: bytes) -> Iterator[Node]:
        waiting = [(place, prefix)]
        while waiting:
            folder, path = waiting.pop()
            with os.scandir(folder) as found:
                entries = list(found)
            if self.keeping.order != "given":
                entries.sort(key=lambda entry: entry.name)
            inner: list[tuple[bytes, bytes]] = []
            for entry in entries:
                name = path + b"/" + entry.name if path else entry.name
                node = self.node(name, entry.stat(follow_symlinks=False), entry.path)
                yield node
                if node.kind == "directory":
                    inner.append((entry.path, name))
            waiting += reversed(inner)

    def node(self, path: bytes, status: os.stat_result, place: bytes) -> Node:
        mode, keeping = status.st_mode, self.keeping
        node = Node(
            path,
            "file",
            self.mode(mode),
            uid=status.st_uid if keeping.owners else 0,
            gid=status.st_gid if keeping.owners else 0,
            modified=int(status.st_mtime) if keeping.times else keeping.modified,
        )
        kind = stat.S_IFMT(mode)
        if kind == stat.S_IFREG:
            node.size = status.st_size
            node.content = File(os.fsdecode(place), status.st_size)
            if status.st_nlink > 1:
                self._linked(node, (status.st_dev, status.st_ino))
        elif kind == stat.S_IFDIR:
            node.kind = "directory"
        elif kind == stat.S_IFLNK:
            node.kind, node.mode = "symlink", 0o777
            node.target = os.readlink(place)  # noqa: PTH115 - bytes
            node.size = len(node.target)
        else:
            what = f"{_OTHER.get(kind, 'a special file')} cannot be packed"
            hint = "take it out of the tree: systems make their devices themselves"
            self.faults.append(Fault(what, Where(os.fsdecode(place)), hint, "image/special-file"))
        return node

    def _linked(self, node: Node, key: tuple[int, int]) -> None:
        """Another name of a file that was met before."""
        first = self.seen.setdefault(key, node)
        if first is not node:
            first.links += 1
            node.same_as, node.content = first.path, first.content


def _plain(mode: int) -> int:
    return 0o755 if stat.S_ISDIR(mode) or mode & 0o100 else 0o644


def _unreadable(error: OSError) -> Fault:
    name = error.filename
    where = Where(os.fsdecode(name) if isinstance(name, bytes) else str(name))
    return Fault(f"cannot be read: {error.strerror}", where, None, "file/unreadable")
