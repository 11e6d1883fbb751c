"""Lays a tree out as a FAT volume: names, clusters and tables first, then the image's pieces one after the other.

Folders come first, then the contents in the order of the tree, each in one run. Owners, and of the permissions all
but whether a file may be written, are not kept: FAT has no place for them. Another name of a file is a copy of it.
"""

from __future__ import annotations

import bisect
import hashlib
import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from portwright.base.errors import Fault, Where, raise_if
from portwright.base.sources import Source
from portwright.formats import Copied, Layout, Literally, Node, Packing, Piece
from portwright.formats.parts import fat_boot, fat_names, fat_shape, fat_table
from portwright.formats.parts.fat_boot import Geometry
from portwright.formats.parts.fat_names import SLOT

MOST_FILE = 0xFFFFFFFF
MOST_SLOTS = 1 << 16
BACKUP = 6
PART = 1 << 18
"""Entries of the table that are made at a time."""
_LABEL_FORBIDDEN = frozenset('"*+,./:;<=>?[\\]|')
_WORDS = {"symlink": "a symbolic link", "character": "a device", "block": "a device", "fifo": "a named pipe"}


@dataclass(slots=True)
class _File:
    """A file or folder that is laid out: `inner` is what a folder holds, by its folded names, in `held` slots."""

    name: str
    node: Node
    content: Source | None = None
    inner: dict[str, _File] | None = None
    short: bytes = b""
    case: int = 0
    slots: int = 1
    held: int = 0
    cluster: int = 0
    above: _File | None = None

    @property
    def size(self) -> int:
        """The bytes of a file's content."""
        return self.content.size if self.content is not None else 0


@dataclass(slots=True)
class _Tree:
    """All files of a volume: folders, the root first, and files, each in the order in which they will lie."""

    folders: list[_File] = field(default_factory=list)
    files: list[_File] = field(default_factory=list)


def layout(nodes: Iterable[Node], packing: Packing) -> Layout:
    """The image of a tree; raises `BadInput` with everything that FAT cannot hold."""
    gathering = _Gathering()
    for node in nodes:
        gathering.put(node)
    faults = gathering.faults
    label, variant = _label(packing.label, faults), _variant(packing.variant, faults)
    raise_if(faults)
    tree = _Tree()
    _order(gathering.root, packing.order == "sorted", tree)
    for folder in tree.folders:
        _shorten(folder, faults)
    root = tree.folders[0]
    slots = sum(each.slots for each in (root.inner or {}).values()) + bool(label)
    needs = fat_shape.Needs(
        [each.size for each in tree.files], [each.held for each in tree.folders[1:]], slots
    )
    found = _shape(needs, packing, variant, faults)
    raise_if(faults)
    assert found is not None
    serial = _serial(tree, packing)
    found = replace(found, serial=serial, label=label)
    if found.bits == 32:
        found = replace(found, root_cluster=2, info_sector=1, backup_sector=BACKUP)
    size = packing.size if packing.size is not None else found.sectors * found.sector
    return Layout(size, _Image(found, tree, packing.modified))


class _Gathering:
    """The nodes put into a tree, and every reason why some cannot be."""

    def __init__(self) -> None:
        self.root = _File("", Node(b"", "directory"), inner={})
        self.faults: list[Fault] = []
        self._known: dict[bytes, _File] = {b"": self.root}
        self._refused: set[bytes] = set()

    def put(self, node: Node) -> None:
        """Take in one node."""
        if node.path == b"":
            return
        if node.parent in self._refused:  # said once, of the folder
            self._refused.add(node.path)
            return
        if node.kind not in ("file", "directory"):
            what = f"{_WORDS.get(node.kind, 'a ' + node.kind)} cannot be on a FAT volume"
            self._fault(node, what, "put the file itself there, or leave it out", "fat/special-file")
            return
        reason = fat_names.refusal(node.name)
        if reason is not None:
            self._fault(node, f"FAT cannot hold this name: {reason}", "rename the file", "fat/name")
            return
        above = self._known.get(node.parent)
        if above is None or above.inner is None:
            what = "the folder that this is in does not come before it"
            self._fault(node, what, "give the folder too", "fat/no-folder")
            return
        name = node.name.decode()
        other = above.inner.setdefault(fat_names.fold(name), made := _File(name, node, above=above))
        if other is not made:
            same = "has the same name" if other.name == name else "differs only by upper and lower case"
            what = f"`{other.name}`, in the same folder, {same}: on FAT they are one file"
            self._fault(node, what, "rename one of them", "fat/same-name")
            return
        self._known[node.path] = made
        if node.kind == "directory":
            made.inner = {}
        else:
            self._content(made)

    def _content(self, made: _File) -> None:
        node = made.node
        made.content = node.content
        if node.content is None and node.same_as:
            first = self._known.get(node.same_as)
            made.content = first.content if first is not None else None
        if made.content is None and node.size:
            what = f"{node.size} bytes that nothing gives"
            self._fault(node, what, "a file of an image is packed with its content", "fat/no-content")
        elif made.size > MOST_FILE:
            what = f"{made.size} bytes are too many: a file on FAT has less than 4 GiB"
            self._fault(node, what, "leave it out, or take another file system", "fat/file-size")

    def _fault(self, node: Node, what: str, hint: str, code: str) -> None:
        self._refused.add(node.path)
        self.faults.append(Fault(what, Where("/" + node.path.decode("utf-8", "replace")), hint, code))


def _label(label: str, faults: list[Fault]) -> bytes:
    """A label as 11 bytes, empty where there is none."""
    if not label:
        return b""
    upper = label.upper()
    bad = [each for each in upper if not " " <= each <= "~" or each in _LABEL_FORBIDDEN]
    if bad or len(label) > 11 or label.startswith(" "):
        what = f"FAT cannot hold the label `{label}`"
        hint = "a label has at most 11 characters of ASCII, no space in front and none of " + "".join(
            sorted(_LABEL_FORBIDDEN)
        )
        faults.append(Fault(what, None, hint, "fat/label"))
        return b""
    return upper.encode().ljust(11)


def _variant(variant: str, faults: list[Fault]) -> int | None:
    if variant not in ("", "12", "16", "32"):
        faults.append(Fault(f"no FAT{variant}", None, "the variants are 12, 16 and 32", "fat/variant"))
    return int(variant) if variant in ("12", "16", "32") else None


def _order(root: _File, by_name: bool, tree: _Tree) -> None:
    """Put the entries of each folder in order, and all of them into the tree: a folder's files, then its folders."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        assert folder.inner is not None
        if by_name:
            rows = sorted(folder.inner.items(), key=lambda row: row[1].name.encode())
            folder.inner = dict(rows)
        tree.folders.append(folder)
        inside = list(folder.inner.values())
        tree.files += [each for each in inside if each.inner is None]
        waiting += reversed([each for each in inside if each.inner is not None])


def _shorten(folder: _File, faults: list[Fault]) -> None:
    """Give every entry of a folder its 8.3 name, and count the slots."""
    assert folder.inner is not None
    taken: set[bytes] = set()
    longer: list[_File] = []
    for each in folder.inner.values():
        found = fat_names.plain(each.name)
        if found is None:
            longer.append(each)
        else:
            each.short, each.case = found
            taken.add(each.short)
    shortener = fat_names.Shortener(taken, folder.inner)
    slots = 2 + len(folder.inner)
    for each in longer:
        each.short = shortener.short(each.name)
        taken.add(each.short)
        units = len(each.name.encode("utf-16-le")) // 2
        each.slots = 1 + -(-units // 13)
        slots += each.slots - 1
    if slots > MOST_SLOTS:
        what = f"{len(folder.inner)} files with these names need {slots} slots, and a folder has {MOST_SLOTS}"
        place = "/" + folder.node.path.decode("utf-8", "replace")
        faults.append(Fault(what, Where(place), "spread them over more folders", "fat/folder-size"))
    folder.held = slots


def _shape(
    needs: fat_shape.Needs, packing: Packing, variant: int | None, faults: list[Fault]
) -> Geometry | None:
    """The shape of the volume."""
    kind = f"FAT{variant}" if variant else "FAT"
    if packing.size is None:
        found = fat_shape.smallest(variant, needs)
        if found is None:
            faults.append(Fault(f"a {kind} volume cannot hold so much", None, None, "fat/no-room"))
        elif packing.most is not None and found.sectors * found.sector > packing.most:
            what = f"the volume has {found.sectors * found.sector} bytes, and may have {packing.most}"
            faults.append(Fault(what, None, "leave files out, or allow more", "fat/no-room"))
        return found
    if packing.size % fat_boot.SECTOR or packing.size <= 0:
        what = f"{packing.size} bytes are no whole number of sectors of 512"
        faults.append(Fault(what, None, "give a size in KiB or MiB", "fat/size"))
        return None
    found = fat_shape.of_size(packing.size, variant, needs)
    if found is None:
        least = fat_shape.smallest(variant, needs)
        what = f"a {kind} volume of {packing.size} bytes cannot hold this tree"
        hint = None
        if least is not None:
            hint = f"it has room in {least.sectors * 512} bytes; leave files out, or give it that size"
        if not any(fat_shape.shapes(packing.size, variant, needs)):
            what = f"there is no {kind} volume of {packing.size} bytes"
        faults.append(Fault(what, None, hint, "fat/no-room"))
    return found


def _serial(tree: _Tree, packing: Packing) -> int:
    """The volume's serial number: the uuid's four words folded into one, else of what is in the tree."""
    uuid = packing.uuid
    if uuid is None:
        digest = hashlib.sha256(f"{packing.label}\0".encode())
        for each in (*tree.folders, *tree.files):
            digest.update(b"%s\0%d\0%d\0" % (each.node.path, each.size, each.node.modified))
        return int.from_bytes(digest.digest()[:4], "big")
    return (uuid ^ uuid >> 32 ^ uuid >> 64 ^ uuid >> 96) & 0xFFFFFFFF


class _Image:
    """The pieces of the image, made while they are asked for."""

    def __init__(self, geometry: Geometry, tree: _Tree, modified: int) -> None:
        self.geometry, self.tree, self.modified = geometry, tree, modified
        self.wide = geometry.bits == 32
        self.ends: list[int] = []
        following = 2
        size = geometry.cluster
        for each in tree.folders if self.wide else tree.folders[1:]:
            following = self._place(each, following, max(1, -(-self._slots(each) * SLOT // size)))
        for each in tree.files:
            following = self._place(each, following, -(-each.size // size))
        self.following = following

    def _slots(self, folder: _File) -> int:
        """The slots of a folder: the root has no dots, and the label."""
        if folder.above is None:
            return folder.held - 2 + bool(self.geometry.label)
        return folder.held

    def _place(self, each: _File, cluster: int, count: int) -> int:
        if count:
            each.cluster = cluster
            self.ends.append(cluster + count - 1)
        return cluster + count

    def __iter__(self) -> Iterator[Piece]:
        geometry = self.geometry
        boot = fat_boot.boot_sector(geometry)
        yield Literally(0, boot)
        if self.wide:
            free = geometry.clusters - (self.following - 2)
            info = fat_boot.info_sector(free, min(self.following, geometry.highest))
            yield Literally(fat_boot.SECTOR, info)
            yield Literally(BACKUP * fat_boot.SECTOR, boot)
            yield Literally((BACKUP + 1) * fat_boot.SECTOR, info)
        for copy in range(geometry.copies):
            yield from self._table(copy)
        if not self.wide:
            yield Literally(geometry.root_at, self._folder(self.tree.folders[0]))
        for folder in self.tree.folders if self.wide else self.tree.folders[1:]:
            yield Literally(geometry.cluster_at(folder.cluster), self._folder(folder))
        for each in self.tree.files:
            if each.content is not None and each.size:
                yield Copied(geometry.cluster_at(each.cluster), each.content, 0, each.size)

    def _table(self, copy: int) -> Iterator[Piece]:
        """One copy of the table, as far as it is used."""
        geometry, at = self.geometry, self.geometry.table_at(copy)
        for start in range(0, self.following, PART):
            stop = min(start + PART, self.following)
            row = array("I", range(start + 1, stop + 1))
            low, high = bisect.bisect_left(self.ends, start), bisect.bisect_left(self.ends, stop)
            for cluster in self.ends[low:high]:
                row[cluster - start] = fat_table.end_mark(geometry.bits) | 7
            if start == 0:
                everything = (1 << min(geometry.bits, 28)) - 1
                row[0], row[1] = everything & ~0xFF | geometry.media, everything
            yield Literally(at + start * geometry.bits // 8, _packed(row, geometry.bits))

    def _folder(self, folder: _File) -> bytes:
        """The slots of a folder."""
        rows = []
        if folder.above is None:
            if self.geometry.label:
                label = (fat_names.LABEL, 0, 0, self.modified)
                rows.append(fat_names.slot(self.geometry.label, 0, label))
        else:
            above = (
                folder.above.cluster if folder.above.above is not None else 0
            )  # 0 is the root, on FAT32 too
            dots = (b".".ljust(11), folder.cluster), (b"..".ljust(11), above)
            for name, cluster in dots:
                rows.append(fat_names.slot(name, 0, (fat_names.FOLDER, cluster, 0, folder.node.modified)))
        for each in (folder.inner or {}).values():
            row = (attributes(each.node), each.cluster, each.size, each.node.modified)
            rows.append(fat_names.slots_of(each.name, each.short, each.case, row))
        return b"".join(rows)


def attributes(node: Node) -> int:
    """The attributes of a file: one that nobody may write is read-only (a mode of 0 says nothing)."""
    if node.kind == "directory":
        return fat_names.FOLDER
    closed = node.mode & 0o777 and not node.mode & 0o222
    return fat_names.ARCHIVE | (fat_names.READ_ONLY if closed else 0)


def _packed(row: array[int], bits: int) -> bytes:
    """Entries of the table as bytes."""
    if bits == 12:
        if len(row) % 2:
            row.append(0)
        return fat_table.encode(row, 12)
    packed = array("H" if bits == 16 else "I", row)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()
