"""Changes the files of a FAT volume in place: each change is worked out in memory first, and then written at once."""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Iterator

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source
from portwright.formats import Node, Target
from portwright.formats.parts import fat_boot, fat_layout, fat_names
from portwright.formats.parts.fat_folder import MOST_SLOTS, Entry, Folder
from portwright.formats.parts.fat_names import SLOT
from portwright.formats.parts.fat_volume import FatVolume

_HINT_FULL = "make the volume larger, or remove something"


class FatEditor:
    """See `Editor`. Permissions are mapped to FAT's read-only attribute, and links are refused."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.volume = FatVolume(target)
        self.table, self.geometry = self.volume.table, self.volume.geometry
        self._writes: list[tuple[int, bytes]] = []
        self._copies: list[tuple[int, Source, int, int]] = []
        self._used = 0
        self._next = 0

    # the contract

    def add(self, node: Node) -> None:
        """See `Editor`."""
        if node.kind not in ("file", "directory"):
            what = f"a {node.kind} cannot be on a FAT volume"
            raise self._refuse(node.path, what, "put the file itself there", "fat/special-file")
        size = node.content.size if node.content is not None and node.kind == "file" else 0
        if size > fat_layout.MOST_FILE:
            what = f"{size} bytes are too many: a file on FAT has less than 4 GiB"
            raise self._refuse(node.path, what, None, "fat/file-size")
        folder, name = self._place(node.path)
        old = self._there(folder, name, node.path)
        if old is not None and old.is_folder:
            raise self._refuse(node.path, "a folder is there", "remove it first", "fat/is-folder")
        with self._change(node.path):
            if old is not None and old.cluster:
                self._free(old.cluster)
            attributes = fat_layout.attributes(node)
            if node.kind == "directory":
                cluster = self._new_folder(folder, node.modified)
            else:
                cluster = self._store(node.content, size)
                attributes |= old.attributes & ~fat_names.READ_ONLY if old is not None else 0
            row = fat_names.slot(bytes(11), 0, (attributes, cluster, size, node.modified))
            if old is not None:
                self._delete(folder, old)
            self._insert(folder, old.name if old is not None else name, row)

    def remove(self, path: bytes) -> None:
        """See `Editor`."""
        folder, entry, _ = self._entry(path)
        if entry.is_folder and self.volume.inside(entry).entries:
            raise self._refuse(
                path, "this folder is not empty", "remove what is in it first", "fat/not-empty"
            )
        with self._change(path):
            if entry.cluster:
                self._free(entry.cluster)
            self._delete(folder, entry)

    def rename(self, old: bytes, new: bytes) -> None:
        """See `Editor`; a name that only differs by case from the old one is taken too."""
        source, entry, _ = self._entry(old)
        folder, name = self._place(new)
        above = self.volume.trail(new.rpartition(b"/")[0]) or []
        if entry.is_folder and any(each.cluster == entry.cluster for each in above):
            raise self._refuse(new, "a folder cannot be put into itself", None, "fat/into-itself")
        there = self._there(folder, name, new, entry if folder is source else None)
        if there is not None and there is not entry and (there.is_folder or entry.is_folder):
            raise self._refuse(new, "something is there already", "remove it first", "fat/is-there")
        with self._change(new):
            at = source.address(entry.slot)
            row = bytes(source.data[entry.slot * SLOT : (entry.slot + 1) * SLOT])
            if there is not None and there is not entry:
                if there.cluster:
                    self._free(there.cluster)
                self._delete(folder, there)
            self._delete(source, entry)
            self._insert(folder, name, row)
            if entry.is_folder and folder is not source:
                self._point_up(entry, folder, at)

    def change_mode(self, path: bytes, mode: int) -> None:
        """See `Editor`: a file that nobody may write becomes read-only; the rest has no place here."""
        folder, entry, _ = self._entry(path)
        if entry.is_folder:
            return
        attributes = entry.attributes & ~fat_names.READ_ONLY
        if not mode & 0o222:
            attributes |= fat_names.READ_ONLY
        with self._change(path):
            entry.attributes = attributes
            folder.data[entry.slot * SLOT + 11] = attributes
            self._writes.append((folder.address(entry.slot) + 11, bytes([attributes])))

    def link(self, existing: bytes, path: bytes) -> None:
        """Refused: on FAT a file has one name."""
        raise self._refuse(path, "FAT has no links", "add a copy of the file", "fat/no-links")

    def adopt(self, name: bytes, row: bytes) -> None:
        """Put a file whose content is there already into the root folder: `row` is its slot."""
        with self._change(name):
            self._insert(self.volume.root(), name.decode(), row)

    # paths

    def _entry(self, path: bytes) -> tuple[Folder, Entry, list[Entry]]:
        """(the folder it is in, the entry, the way to it) of a path."""
        trail = self.volume.trail(path)
        if trail is None:
            raise self._refuse(path, "there is no such file", None, "fat/no-such-file")
        if not trail:
            raise self._refuse(path, "the root folder stays as it is", None, "fat/root")
        folder = self.volume.inside(trail[-2]) if len(trail) > 1 else self.volume.root()
        return folder, trail[-1], trail

    def _place(self, path: bytes) -> tuple[Folder, str]:
        """The folder and the name for a file that is to be made."""
        above, _, name = path.rpartition(b"/")
        reason = fat_names.refusal(name)
        if reason is not None:
            what = f"FAT cannot hold this name: {reason}"
            raise self._refuse(path, what, "give another name", "fat/name")
        trail = self.volume.trail(above)
        if trail is None or (trail and not trail[-1].is_folder):
            raise self._refuse(
                path, "there is no such folder to put it in", "add the folder first", "fat/no-folder"
            )
        return self.volume.inside(trail[-1]) if trail else self.volume.root(), name.decode()

    def _there(self, folder: Folder, name: str, path: bytes, moved: Entry | None = None) -> Entry | None:
        """What goes by a name in a folder; the 8.3 name of another file is refused."""
        found = folder.find(name)
        if found is None or fat_names.fold(found.name) == fat_names.fold(name) or found is moved:
            return found
        what = f"this is the 8.3 name of `{found.name}`, which would be overwritten"
        raise self._refuse(path, what, "give another name, or rename that file first", "fat/short-name-taken")

    def _refuse(self, path: bytes, what: str, hint: str | None, code: str) -> BadInput:
        place = f"{self.target.name}:/{path.decode('utf-8', 'replace')}"
        return fail(what, Where(place), hint, code)

    # one change

    @contextlib.contextmanager
    def _change(self, path: bytes) -> Iterator[None]:
        """Work a change out, and write it when the block ends; an error forgets it."""
        self._used = self._next = 0
        try:
            yield
        except BadInput as error:
            self.table.discard()
            self.volume.forget()
            self._writes.clear()
            self._copies.clear()
            if error.faults and error.faults[0].code == "fat/no-room":
                raise self._refuse(path, error.faults[0].what, _HINT_FULL, "fat/no-room") from None
            raise
        self.table.commit(self.target)
        for at, data in self._writes:
            self.target.write(at, data)
        for at, source, start, length in self._copies:
            self.target.copy(at, source, start, length)
        self._writes.clear()
        self._copies.clear()
        self._count()
        self.volume.trim()

    def _count(self) -> None:
        """Bring FAT32's counts up to date; one that says that it does not know stays so."""
        found = fat_boot.read_info(self.target, self.geometry)
        if found is None or not (self._used or self._next):
            return
        at, free, following = found
        if free != fat_boot.UNKNOWN:
            free = min(max(free - self._used, 0), self.geometry.clusters)
        self.target.write(at + fat_boot.COUNTS, struct.pack("<II", free, self._next or following))

    def _allocate(self, count: int) -> list[int]:
        """Free clusters, made into a chain."""
        if not count:
            return []
        info = fat_boot.read_info(self.target, self.geometry)
        start = self._next or (info[2] if info is not None else 2)
        found = list(itertools.islice(self.table.free(start), count))
        if len(found) < count:
            size = self.geometry.cluster
            what = f"it needs {count * size} bytes, and {len(found) * size} are free"
            raise fail(what, None, None, "fat/no-room")
        for before, after in itertools.pairwise(found):
            self.table[before] = after
        self.table[found[-1]] = self.table.end | 7
        self._used += count
        self._next = min(found[-1] + 1, self.geometry.highest)
        return found

    def _free(self, first: int) -> None:
        self.volume.drop(first)
        for cluster in self.table.whole(first):
            self.table[cluster] = 0
            self._used -= 1

    def _store(self, content: Source | None, size: int) -> int:
        """Have a content copied into free clusters; the first of them, 0 where there is nothing."""
        step = self.geometry.cluster
        clusters = self._allocate(-(-size // step))
        if content is None or not clusters:
            return 0
        done = 0
        for start, count in _runs(clusters):
            length = min(count * step, size - done)
            self._copies.append((self.geometry.cluster_at(start), content, done, length))
            done += length
        if size % step:  # what was there before does not stay behind the end
            end = self.geometry.cluster_at(clusters[-1]) + size % step
            self._writes.append((end, bytes(step - size % step)))
        return clusters[0]

    def _new_folder(self, above: Folder, modified: int) -> int:
        cluster = self._allocate(1)[0]
        self.volume.drop(cluster)
        up = 0 if above is self.volume.root() else above.cluster
        data = b"".join(
            fat_names.slot(name.ljust(11), 0, (fat_names.FOLDER, number, 0, modified))
            for name, number in ((b".", cluster), (b"..", up))
        )
        self._writes.append((self.geometry.cluster_at(cluster), data.ljust(self.geometry.cluster, b"\0")))
        return cluster

    def _delete(self, folder: Folder, entry: Entry) -> None:
        folder.drop(entry)
        for slot in range(entry.slot - entry.longs, entry.slot + 1):
            self._writes.append((folder.address(slot), b"\xe5"))

    def _insert(self, folder: Folder, name: str, row: bytes) -> None:
        """Give a file a place in a folder: `row` is its slot, whatever name that has."""
        plain = fat_names.plain(name)
        if plain is not None:
            short, case = plain
        else:
            short, case = fat_names.Shortener(folder.shorts, folder.entries).short(name), 0
        row = short + row[11:12] + bytes([case]) + row[13:]
        slots = row if plain is not None else fat_names.long_slots(name, short) + row
        count = len(slots) // SLOT
        start = folder.room(count)
        if start == folder.slots:
            start = self._extend(folder, count)
        entry = _entry(name, row, start + count - 1, count - 1, self.geometry.bits == 32)
        end = start + count
        at_the_end = 0 in folder.data[start * SLOT : end * SLOT : SLOT]
        folder.put(entry, slots)
        for at, first, here in folder.places(start, count):
            self._writes.append((at, slots[(first - start) * SLOT : (first - start + here) * SLOT]))
        if (
            at_the_end and end < folder.slots and folder.data[end * SLOT]
        ):  # what lay behind the end stays there
            folder.data[end * SLOT] = 0
            self._writes.append((folder.address(end), b"\0"))

    def _extend(self, folder: Folder, count: int) -> int:
        """Make a folder so much longer that a number of slots has room; the first of them."""
        step = self.geometry.cluster
        if not folder.cluster or folder.slots + count > MOST_SLOTS:
            raise fail(f"its folder is full: it has {folder.slots} slots", None, None, "fat/no-room")
        firsts = bytes(folder.data[::SLOT])
        end = firsts.find(0)
        used = len(firsts[: end if end >= 0 else None].rstrip(b"\xe5"))
        last = self.table.whole(folder.cluster)[-1]
        fresh = self._allocate(-(-(used + count - folder.slots) * SLOT // step))
        self.table[last] = fresh[0]
        for each in fresh:
            folder.grow(self.geometry.cluster_at(each), step)
            self._writes.append((self.geometry.cluster_at(each), bytes(step)))
        return used

    def _point_up(self, moved: Entry, folder: Folder, at: int) -> None:
        """Have the `..` of a folder that was moved lead to where it is now."""
        inside = self.volume.inside(moved)
        if bytes(inside.data[SLOT : SLOT + 11]) != b"..".ljust(11):
            raise fail(
                "this folder has no `..`", Where(self.target.name, address=at), "see `check`", "fat/dots"
            )
        up = 0 if folder is self.volume.root() else folder.cluster
        row = bytearray(inside.data[SLOT : 2 * SLOT])
        row[20:22], row[26:28] = (up >> 16).to_bytes(2, "little"), (up & 0xFFFF).to_bytes(2, "little")
        inside.data[SLOT : 2 * SLOT] = row
        self._writes.append((inside.address(1), bytes(row)))


def _entry(name: str, row: bytes, slot: int, longs: int, wide: bool) -> Entry:
    """The entry that a slot says."""
    folder = Folder(row, [(0, SLOT)], 0, wide)
    found = folder.all()[0]
    found.name, found.slot, found.longs = name, slot, longs
    return found


def _runs(clusters: list[int]) -> Iterator[tuple[int, int]]:
    """(first, how many) of the runs of clusters that follow each other."""
    for _, group in itertools.groupby(enumerate(clusters), lambda row: row[1] - row[0]):
        rows = list(group)
        yield rows[0][1], len(rows)
