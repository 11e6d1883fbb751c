"""One walk over the folders and chains of a FAT volume: whose each cluster is, and what is wrong on the way."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from portwright.base.sources import Source
from portwright.formats.parts import fat_boot, fat_names, fat_table
from portwright.formats.parts.fat_finding import Finding, error, mended
from portwright.formats.parts.fat_folder import MOST_SLOTS, Entry, Folder
from portwright.formats.parts.fat_names import SLOT


@dataclass(slots=True)
class _Chain:
    """The clusters of a file as far as they are its own; `astray`: what follows the last one, where that is wrong."""

    clusters: array[int]
    astray: int | None = None


class Survey:
    """One walk over a volume, with one copy of its table. `owners` says for each cluster which of `paths` has it,
    0 for nobody; `label` is the root folder's."""

    def __init__(self, source: Source, geometry: fat_boot.Geometry, copy: int = 0) -> None:
        self.source, self.geometry = source, geometry
        self.table = fat_table.Table(source, self.geometry, copy)
        self.owners = array("I", bytes(4 * (self.geometry.highest + 1)))
        self.paths: list[bytes] = [b""]
        self.label: bytes | None = None
        self.wide = self.geometry.bits == 32

    def tree(self) -> Iterator[Finding]:
        """What is wrong with the folders and the chains of all files."""
        geometry = self.geometry
        if self.wide:
            chain = self._claim(geometry.root_cluster, b"")
            yield from self._chain_problems(chain, b"", None, None)
            root = self._folder(chain.clusters)
        else:
            data = self.source.read(geometry.root_at, geometry.root_size)
            root = Folder(data, [(geometry.root_at, len(data))], 0, False)
        self.label = root.label[1] if root.label else None
        waiting: list[tuple[array[int] | None, bytes, int]] = [(None, b"", 0)]
        while waiting:
            clusters, path, above = waiting.pop()
            folder = root if clusters is None else self._folder(clusters)
            yield from self._slots(folder, path, above, folder is root)
            inner: list[tuple[array[int], bytes]] = []
            for entry in folder.all():
                place = (
                    path + b"/" + fat_names.as_bytes(entry.name) if path else fat_names.as_bytes(entry.name)
                )
                chain = self._claim(entry.cluster, place)
                yield from self._chain_problems(chain, place, entry, folder)
                if entry.is_folder and chain.clusters:
                    inner.append((chain.clusters, place))
            here = 0 if folder is root else folder.cluster
            waiting += [(clusters, place, here) for clusters, place in reversed(inner)]

    def _folder(self, clusters: array[int]) -> Folder:
        size = self.geometry.cluster
        kept = clusters[: MOST_SLOTS * SLOT // size]
        runs = [(self.geometry.cluster_at(each), size) for each in kept]
        data = b"".join(self._data(at, length) for at, length in runs)
        return Folder(data, runs, kept[0], self.wide)

    def _data(self, at: int, length: int) -> bytes:
        """Bytes of the image, zeros where it was cut off."""
        there = min(max(self.source.size - at, 0), length)
        return (self.source.read(at, there) if there else b"").ljust(length, b"\0")

    def _claim(self, first: int, path: bytes) -> _Chain:
        """Follow a chain as long as its clusters are nobody's."""
        owners, highest, end = self.owners, self.geometry.highest, self.table.end
        clusters = array("I")
        if first == 0:
            return _Chain(clusters)
        number = len(self.paths)
        self.paths.append(path)
        cluster, table = first, self.table
        while cluster < end or not clusters:
            if not 2 <= cluster <= highest or owners[cluster]:
                return _Chain(clusters, cluster)
            owners[cluster] = number
            clusters.append(cluster)
            cluster = table[cluster]
        return _Chain(clusters)

    def _chain_problems(
        self, chain: _Chain, path: bytes, entry: Entry | None, folder: Folder | None
    ) -> Iterator[Finding]:
        """What is wrong with a file's chain and its size (`entry` is None for the root)."""
        clusters, size = chain.clusters, self.geometry.cluster
        count = len(clusters)
        at = folder.address(entry.slot) + 26 if entry is not None and folder is not None else 0
        is_folder = entry is None or entry.is_folder
        length = 0 if entry is None else entry.size
        need = -(-length // size) if not is_folder else count
        if chain.astray is not None:
            yield self._astray(chain, path, at, enough=not is_folder and count == need and count > 0)
        elif not count and (length or is_folder):
            what = (
                "a folder that has no cluster"
                if is_folder
                else f"a file of {length} bytes that has no cluster"
            )
            yield error("fat/first-cluster", what, at, path)
        elif count > need:
            yield self._too_long(clusters, need, path, at)
        if count < need and (count or chain.astray is not None):
            what = f"{length} bytes, of which its {count} clusters hold {count * size}"
            yield error("fat/size-short", what, at + 2, path, "its end is lost: put the file there anew")
        if is_folder and count * size > MOST_SLOTS * SLOT:
            yield error("fat/folder-size", f"a folder of more than {MOST_SLOTS} slots", at, path)
        if is_folder and length:
            write = [(at + 2, bytes(4))]
            yield mended(
                "fat/folder-length",
                "a folder whose slot has a size",
                at + 2,
                "size set to 0",
                write,
                path=path,
            )

    def _astray(self, chain: _Chain, path: bytes, at: int, enough: bool) -> Finding:
        """A chain leads to what is not its next cluster."""
        following = chain.astray or 0
        if not chain.clusters and not (2 <= following <= self.geometry.highest):
            what = f"it is said to begin in cluster {following}, which does not exist"
            return error("fat/first-cluster", what, at, path)
        last = chain.clusters[-1] if chain.clusters else 0
        address = self.table.address(last) if last else at
        if 2 <= following <= self.geometry.highest:
            owner = self.owners[following]
            own = owner == len(self.paths) - 1
            whose = "/" + self.paths[owner].decode("utf-8", "replace")
            what = f"its cluster {following} is one of {whose} too"
            if own:
                what = f"the cluster after {last} is {following}, an earlier one of the same file"
            code = "fat/chain-cycle" if own else "fat/cross-linked"
        else:
            word = (
                "free"
                if not following
                else "bad"
                if following == self.table.bad
                else "one that does not exist"
            )
            what, code = f"the cluster after {last} is {word}", "fat/bad-cluster"
        if enough:
            entries = {last: self.table.end | 7}
            hint = "all of the file is there: its chain can end here"
            return mended(code, what, address, "chain ended where its file ends", None, entries, path, hint)
        hint = "take what can be read of the file out, remove it, and add it anew"
        return error(code, what, address, path, hint)

    def _too_long(self, clusters: array[int], need: int, path: bytes, at: int) -> Finding:
        count = len(clusters)
        what = f"{count} clusters, of which its size needs {need}"
        entries = dict.fromkeys(clusters[need:], 0)
        writes: list[tuple[int, bytes]] = []
        if need:
            entries[clusters[need - 1]] = self.table.end | 7
        else:
            writes = [(at, bytes(2))] + ([(at - 6, bytes(2))] if self.wide else [])
        return mended("fat/size-long", what, at + 2, "clusters behind its end freed", writes, entries, path)

    def _slots(self, folder: Folder, path: bytes, above: int, is_root: bool) -> Iterator[Finding]:
        """What is wrong with the slots of a folder."""
        for odd in folder.odd:
            at = folder.address(odd.slot)
            if odd.loose:
                writes = [(folder.address(slot), b"\xe5") for slot in range(odd.slot, odd.slot + odd.count)]
                yield mended(
                    odd.code, odd.what, at, "slots without a file marked free", writes, path=path, mild=True
                )
            else:
                yield error(odd.code, odd.what, at, path)
        for entry in folder.twice:
            what = f"`{entry.name}` ({entry.short!r}) has a name that another file has, long or short"
            yield error("fat/duplicate-name", what, folder.address(entry.slot), path, "rename one of them")
        yield from self._dots(folder, path, above, is_root)

    def _dots(self, folder: Folder, path: bytes, above: int, is_root: bool) -> Iterator[Finding]:
        for slot, _ in folder.dots if is_root else [dot for dot in folder.dots if dot[0] > 1]:
            yield error("fat/dots", "a `.` or `..` where none may be", folder.address(slot), path)
        if is_root:
            return
        for slot, name, wanted in ((0, b".", folder.cluster), (1, b"..", above)):
            row = bytes(folder.data[slot * SLOT : (slot + 1) * SLOT])
            at = folder.address(slot)
            found = dict(folder.dots).get(slot)
            if row[:11] != name.ljust(11) or found is None:
                yield error("fat/dots", "the folder does not begin with `.` and `..`", at, path)
                return
            fine = found == wanted or (name == b".." and not above and found == self.geometry.root_cluster)
            if not fine or not row[11] & fat_names.FOLDER:
                what = f"`{name.decode()}` leads to cluster {found}, and should lead to {wanted}"
                high, low = wanted >> 16 if self.wide else 0, wanted & 0xFFFF
                attribute = bytes([fat_names.FOLDER])
                writes = [
                    (at + 11, attribute),
                    (at + 20, high.to_bytes(2, "little")),
                    (at + 26, low.to_bytes(2, "little")),
                ]
                yield mended("fat/dots", what, at, f"`{name.decode()}` set right", writes, path=path)
