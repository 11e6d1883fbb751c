"""A FAT volume as a tree of files: folders are read when they are asked for, contents are never read at all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from portwright.base.errors import Where, fail
from portwright.base.sources import Source
from portwright.formats import Node
from portwright.formats.parts import fat_boot, fat_folder, fat_names
from portwright.formats.parts.fat_folder import Entry, Folder
from portwright.formats.parts.fat_table import Table

FOLDER_MODE, FILE_MODE, READ_ONLY_MODE = 0o755, 0o644, 0o444
KEPT = 64
"""Folders that are kept in memory, those used last."""


class FatVolume:
    """The files of a volume. `number` of a node is its first cluster, 0 where it has none."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.geometry = fat_boot.read(source)
        self.table = Table(source, self.geometry)
        self._folders: OrderedDict[int, Folder] = OrderedDict()
        geometry = self.geometry
        self.facts: dict[str, str | int] = {
            "variant": f"FAT{geometry.bits}",
            "label": self.label(),
            "serial": f"{geometry.serial:08X}",
            "cluster": geometry.cluster,
            "clusters": geometry.clusters,
            "sector": geometry.sector,
        }

    def label(self) -> str:
        """The volume's name: that of the root folder, else that of the boot sector; empty where there is none."""
        said = self.root().label
        raw = said[1] if said else self.geometry.label
        return "" if raw == b"NO NAME    " else raw.decode("cp437").rstrip(" \0")

    # folders

    def root(self) -> Folder:
        """The root folder."""
        return self.folder(self.geometry.root_cluster)

    def folder(self, cluster: int) -> Folder:
        """The folder that begins in a cluster (0: the root of FAT12 and FAT16)."""
        found = self._folders.get(cluster)
        if found is None:
            found = self._folders[cluster] = self._read_folder(cluster)
        else:
            self._folders.move_to_end(cluster)
        return found

    def trim(self) -> None:
        """Keep no more folders than `KEPT`. Not in the middle of a change: a folder is one object then."""
        while len(self._folders) > KEPT:
            self._folders.popitem(last=False)

    def drop(self, cluster: int) -> None:
        """Read the folder of that cluster, if it is one, anew from now on."""
        self._folders.pop(cluster, None)

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._folders.clear()

    def _read_folder(self, cluster: int) -> Folder:
        geometry = self.geometry
        wide = geometry.bits == 32
        if cluster == 0 and not wide:
            data = self.source.read(geometry.root_at, geometry.root_size)
            return Folder(data, [(geometry.root_at, len(data))], 0, wide)
        most = fat_folder.MOST_SLOTS * fat_names.SLOT // geometry.cluster
        chain = list(self.table.chain(cluster, most + 1))
        if len(chain) > most:
            what = f"a folder of more than {fat_folder.MOST_SLOTS} slots"
            raise self.table.fault(what, cluster, "fat/folder-size")
        if not chain:
            raise self.table.fault("a folder is said to begin in no cluster", None, "fat/first-cluster")
        size = geometry.cluster
        runs = [(geometry.cluster_at(each), size) for each in chain]
        return Folder(b"".join(self.source.read(at, size) for at, size in runs), runs, cluster, wide)

    def inside(self, entry: Entry) -> Folder:
        """The folder that an entry is; an entry of cluster 0 is the root, as `..` is."""
        return self.folder(entry.cluster or self.geometry.root_cluster)

    # the contract

    def walk(self) -> Iterator[Node]:
        """See `Volume`: all of a folder, then each of its folders."""
        yield self._root_node()
        waiting: list[tuple[int, bytes]] = [(self.geometry.root_cluster, b"")]
        seen: set[int] = set()
        while waiting:
            self.trim()
            cluster, path = waiting.pop()
            folder = self.folder(cluster)
            parts = {at for at, _ in folder.runs}
            if seen & parts:
                what = f"a part of the folder {_shown(path)} is one of another folder too"
                raise fail(
                    what,
                    Where(self.source.name, address=folder.runs[0][0]),
                    "see `check`",
                    "fat/cross-linked",
                )
            seen |= parts
            inner: list[tuple[int, bytes]] = []
            for entry in folder.all():
                node = self._node(entry, path)
                yield node
                if entry.is_folder:
                    inner.append((entry.cluster, node.path))
            waiting += reversed(inner)

    def lookup(self, path: bytes) -> Node | None:
        """See `Volume`; upper and lower case are the same, and the 8.3 name does too."""
        self.trim()
        trail = self.trail(path)
        if trail is None:
            return None
        if not trail:
            return self._root_node()
        above = b"/".join(fat_names.as_bytes(entry.name) for entry in trail[:-1])
        return self._node(trail[-1], above)

    def children(self, path: bytes) -> Iterator[Node]:
        """See `Folders`."""
        trail = self.trail(path)
        if trail is not None and (not trail or trail[-1].is_folder):
            above = b"/".join(fat_names.as_bytes(entry.name) for entry in trail)
            for entry in (self.inside(trail[-1]) if trail else self.root()).all():
                yield self._node(entry, above)

    def trail(self, path: bytes) -> list[Entry] | None:
        """The entries that a path leads through, the last one its own; none for the root. None: it leads nowhere."""
        found: list[Entry] = []
        for part in filter(None, path.split(b"/")):
            if found and not found[-1].is_folder:
                return None
            folder = self.inside(found[-1]) if found else self.root()
            entry = folder.find(fat_names.as_text(part))
            if entry is None:
                return None
            found.append(entry)
        return found

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        """See `Volume`; raises `BadInput` where the chain is damaged, after what comes before."""
        if node.kind != "file" or not node.size:
            return
        geometry, left = self.geometry, node.size
        for start, count in self.table.runs(node.number, -(-left // geometry.cluster)):
            length = min(count * geometry.cluster, left)
            yield geometry.cluster_at(start), length
            left -= length

    def _root_node(self) -> Node:
        return Node(b"", "directory", FOLDER_MODE, number=self.geometry.root_cluster)

    def _node(self, entry: Entry, above: bytes) -> Node:
        path = _joined(above, entry.name)
        if entry.is_folder:
            return Node(path, "directory", FOLDER_MODE, modified=entry.modified, number=entry.cluster)
        mode = READ_ONLY_MODE if entry.attributes & fat_names.READ_ONLY else FILE_MODE
        return Node(path, "file", mode, entry.size, modified=entry.modified, number=entry.cluster)


def _joined(above: bytes, name: str) -> bytes:
    return above + b"/" + fat_names.as_bytes(name) if above else fat_names.as_bytes(name)


def _shown(path: bytes) -> str:
    return "/" + path.decode("utf-8", "replace")
