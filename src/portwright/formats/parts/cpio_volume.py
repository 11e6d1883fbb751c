"""The archives of a file as one tree: several after each other, compressed or not, as the kernel takes an initramfs.

Where something is compressed, the volume's source is the file with what was unpacked behind it: addresses below the
file's size are its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import Where, fail
from portwright.base.sources import Source
from portwright.formats import Node
from portwright.formats.parts import cpio_unpacked
from portwright.formats.parts.cpio_archive import FORMATS, Archive, Entry, after_zeros, parts_of
from portwright.formats.parts.cpio_unpacked import Unpacked

MOST_PARTS = 64
"""Compressed parts of one file; an initramfs has two or three."""
MOST_TARGET = 4096


class Scan:
    """A walk over a file: `entries` finds its archives and what was unpacked, and `junk`, where that begins."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.archives: list[Archive] = []
        self.unpacked: list[Unpacked] = []
        self.junk: int | None = None

    def entries(self) -> Iterator[tuple[Archive, Entry]]:
        """Every entry of every archive; raises `BadInput` where one cannot be read."""
        source, place = self.source, 0
        behind, allowed = source.size, cpio_unpacked.most_of(source.size)
        while (place := after_zeros(source, place)) < source.size:
            if source.read(place, min(6, source.size - place)) in FORMATS:
                yield from self._archive(source, place, 0)
                place = self.archives[-1].end
            elif cpio_unpacked.kind_at(source, place) is not None:
                if len(self.unpacked) == MOST_PARTS:
                    what = f"more than {MOST_PARTS} compressed parts"
                    raise fail(what, Where(source.name, address=place), None, "cpio/bomb")
                part = Unpacked(source, place, allowed)
                self.unpacked.append(part)
                yield from self._archives_in(part, behind)
                behind, allowed, place = behind + part.size, allowed - part.size, part.end
            elif not self.archives:
                what = "neither a cpio archive nor one that is compressed with gzip or zstd"
                raise fail(what, Where(source.name, address=place), None, "cpio/header")
            else:
                self.junk = place
                break
        if not self.archives:
            raise fail("there is no archive in it", Where(source.name, address=0), None, "cpio/header")

    def _archives_in(self, part: Unpacked, behind: int) -> Iterator[tuple[Archive, Entry]]:
        place = 0
        while (place := after_zeros(part, place)) < part.size:
            yield from self._archive(part, place, behind)
            place = self.archives[-1].end

    def _archive(self, source: Source, place: int, behind: int) -> Iterator[tuple[Archive, Entry]]:
        archive = Archive(source, place, behind)
        self.archives.append(archive)
        for entry in archive.entries():
            yield archive, entry

    @property
    def whole(self) -> Source:
        """The file, with what was unpacked behind it."""
        return cpio_unpacked.Joined(self.source, self.unpacked) if self.unpacked else self.source


class CpioVolume:
    """The files of all archives; what a later one says holds, as it does for the kernel."""

    def __init__(self, source: Source) -> None:
        found = Scan(source)
        self._nodes: dict[bytes, Node] = {}
        self._places: dict[bytes, int] = {}
        self._inner: set[bytes] = set()
        groups: dict[tuple[int, int, tuple[int, int]], list[tuple[Node, int]]] = {}
        for archive, entry in found.entries():
            node = node_of(archive, entry)
            place = archive.behind + entry.data
            if node.kind == "file" and entry.links > 1:
                groups.setdefault((len(found.archives), entry.number, entry.device), []).append((node, place))
            self._nodes.pop(node.path, None)  # the later one takes its place in the order too
            self._nodes[node.path] = node
            if node.size:
                self._places[node.path] = place
        self.source = found.whole
        for group in groups.values():
            self._join(group)
        for path in list(self._nodes):
            self._check_above(path)
        packed = {part.kind for part in found.unpacked}
        self.compression = (
            packed.pop() if len(packed) == 1 and len(found.archives) == len(found.unpacked) else ""
        )
        self.facts: dict[str, str | int] = {
            "format": found.archives[0].format,
            "archives": len(found.archives),
            "compression": ", ".join(sorted({part.kind for part in found.unpacked})) or "none",
            "files": len(self._nodes),
        }

    def _join(self, group: list[tuple[Node, int]]) -> None:
        """Make names of the same inode one file: its content comes with any of them, as a rule with the last."""
        size, place = next(((node.size, place) for node, place in reversed(group) if node.size), (0, 0))
        alive = [node for node, _ in group if self._nodes.get(node.path) is node]
        for node in alive:
            node.size, node.same_as = size, alive[0].path if node is not alive[0] else b""
            self._places[node.path] = place

    def _check_above(self, path: bytes) -> None:
        """Make sure that all above a file are folders; the missing ones are there without an entry."""
        above = path.rpartition(b"/")[0]
        while path and above not in self._inner:
            node = self._nodes.get(above)
            if node is not None and node.kind != "directory":
                what = f"`{path.decode('utf-8', 'replace')}` lies in a {node.kind}, which is no folder"
                raise fail(what, Where(self.source.name), None, "cpio/not-a-folder")
            self._inner.add(above)
            path, above = above, above.rpartition(b"/")[0]

    def _folder(self, path: bytes) -> Node:
        return self._nodes.get(path) or Node(path, "directory", 0o755)

    # the contract

    def walk(self) -> Iterator[Node]:
        """See `Volume`: in the order of the archives, a folder that comes late or not at all before what is in it."""
        given = {b""}
        yield self._folder(b"")
        for path, node in self._nodes.items():
            missing = []
            above = path
            while above not in given:
                given.add(above)
                missing.append(above)
                above = above.rpartition(b"/")[0]
            for each in reversed(missing):
                yield node if each == path else self._folder(each)

    def lookup(self, path: bytes) -> Node | None:
        """See `Volume`."""
        path = b"/".join(filter(None, path.split(b"/")))
        if path in self._nodes:
            return self._nodes[path]
        return self._folder(path) if path in self._inner or not path else None

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        """See `Volume`."""
        place = self._places.get(node.path)
        if node.kind == "file" and node.size and place is not None:
            yield place, node.size


def node_of(archive: Archive, entry: Entry) -> Node:
    """The node of an entry; raises `BadInput` where no file can be such."""
    where = Where(archive.source.name, address=entry.at)
    parts = parts_of(entry.name)
    if b".." in parts:
        raise fail(f"a name that leads out of the tree: {entry.name!r}", where, None, "cpio/name")
    kind = entry.kind
    if kind is None or (not parts and kind != "directory"):
        what = f"`{entry.name.decode('utf-8', 'replace')}` has the mode {entry.mode:#o}, which it cannot have"
        raise fail(what, where, None, "cpio/kind")
    return Node(
        b"/".join(parts),
        kind,
        entry.mode & 0o7777,
        entry.size if kind in ("file", "symlink") else 0,
        _target(archive, entry, where) if kind == "symlink" else b"",
        entry.uid,
        entry.gid,
        entry.modified,
        number=entry.number,
        links=entry.links,
        device=entry.own if kind in ("character", "block") else (0, 0),
    )


def _target(archive: Archive, entry: Entry, where: Where) -> bytes:
    if not 0 < entry.size <= MOST_TARGET:
        what = f"a symbolic link that points to {entry.size} bytes"
        raise fail(what, where, f"there are 1 to {MOST_TARGET}", "cpio/target")
    target = archive.source.read(entry.data, entry.size)
    if b"\0" in target:
        raise fail(f"a symbolic link to {target!r}", where, None, "cpio/target")
    return target
