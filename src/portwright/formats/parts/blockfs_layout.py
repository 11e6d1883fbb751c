"""A BlockFS image of a tree: planned from names and sizes alone, then made piece by piece in the order of offsets.

Blocks and inodes are given out in the order in which the system's own tool does, folder by folder from the top, so
that both make the same bytes where that tool makes none that its kernel misreads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from portwright.base.errors import Fault, raise_if
from portwright.formats import Copied, Layout, Literally, Node, Packing, Piece
from portwright.formats.parts.blockfs_disk import (
    BLOCK,
    DIRECT,
    INODE_SIZE,
    INODES_PER_BLOCK,
    MAGIC,
    MOST_LINKS,
    RECORD_KINDS,
    TYPE_BITS,
    Geometry,
    Inode,
    Superblock,
    blocks_of,
    ceil,
    inodes_for,
    laid_size,
    lay_records,
    pointers,
    roots,
    steps,
    usual_inodes,
)
from portwright.formats.parts.blockfs_rules import fault, faults_of, seconds, shown, size_of

MIB, MOST_BLOCKS = 1 << 20, 0xFFFF_FFFF
_AT_ONCE = 64
"""Blocks of the inode table that become one piece."""


@dataclass(slots=True)
class _File:
    """An inode to be: its number, its size, its first block (counted from the first data block)."""

    node: Node
    number: int
    parent: int
    size: int = 0
    first: int = 0
    blocks: int = 0
    links: int = 1
    entries: list[tuple[_File, bytes]] = field(default_factory=list)


def layout(nodes: Iterable[Node], packing: Packing) -> Layout:
    """The image of a tree; raises `BadInput` with everything that keeps it from being made."""
    tree = _Tree(nodes, packing)
    plan = _Plan(tree, packing)
    raise_if(tree.faults + plan.faults)
    return Layout(plan.geometry.block_count * BLOCK, plan)


class _Tree:
    """Nodes by their folders, each with what is wrong with it."""

    def __init__(self, nodes: Iterable[Node], packing: Packing) -> None:
        self.faults: list[Fault] = []
        self.root = Node(b"", "directory", 0o755)
        self.nodes: dict[bytes, Node] = {}
        for node in nodes:
            self.faults += faults_of(node)
            if node.path in self.nodes:
                self.faults.append(fault(node, "there are two of this path", "leave one out", "path-twice"))
            self.nodes[node.path] = node
        self.root = self.nodes.setdefault(b"", self.root)
        if self.root.kind != "directory":
            self.faults.append(fault(self.root, "the root must be a folder", "", "root"))
        self.children: dict[bytes, list[Node]] = {}
        self._origins: dict[bytes, Node] = {}
        for path, node in self.nodes.items():
            if path:
                self._place(node)
        if packing.order == "sorted":
            for children in self.children.values():
                children.sort(key=lambda node: node.path)  # all have the same folder in front

    def _place(self, node: Node) -> None:
        parent = node.parent
        found = self.nodes.get(parent)
        if found is None or found.kind != "directory":
            what = f"its folder {shown(parent)} is {'not there' if found is None else 'a ' + found.kind}"
            self.faults.append(fault(node, what, "a folder is a node of its own", "no-folder"))
        origin = self._origins.get(node.same_as) if node.same_as else node
        if node.same_as and (origin is None or "directory" in (node.kind, origin.kind)):
            what = f"it is another name of {shown(node.same_as)}, which is no file here"
            self.faults.append(fault(node, what, "only files and symlinks have several names", "same-as"))
        self._origins[node.path] = origin or node
        self.children.setdefault(parent, []).append(node)

    def file_of(self, node: Node) -> Node:
        """The node that a hard link is another name of, itself where it is none."""
        return self._origins[node.path]


class _Plan:
    """Which inode and which blocks each file has; as an iterable, the pieces of the image."""

    def __init__(self, tree: _Tree, packing: Packing) -> None:
        self.faults: list[Fault] = []
        self._tree = tree
        self._files: list[_File] = []
        self._data = 0
        self._number_all()
        self.geometry = self._fit(packing)
        self._start = self.geometry.first_data

    def _number_all(self) -> None:
        """Go through the folders from the top; files have their blocks right after each other."""
        root = self._add(self._tree.root, 0)
        self._take_folder(root)
        linked: dict[bytes, _File] = {}
        waiting = deque([root])
        while waiting:
            folder = waiting.popleft()
            for node in self._tree.children.get(folder.node.path, ()):
                name = node.name
                node = self._tree.file_of(node)
                known = linked.get(node.path)
                if known is None:
                    known = self._add(node, folder.number)
                    if node.kind == "directory":
                        folder.links += 1
                        self._take_folder(known)
                        waiting.append(known)
                    else:
                        known.size = size_of(node)
                        self._take(known, blocks_of(ceil(known.size, BLOCK)))
                    linked[node.path] = known
                else:
                    known.links += 1
                folder.entries.append((known, name))
        for file in self._files:
            if file.links > MOST_LINKS:
                what = f"it has {file.links} names, and there are 16 bits to count them"
                self.faults.append(fault(file.node, what, "copy it for some of them", "links"))

    def _add(self, node: Node, parent: int) -> _File:
        file = _File(node, len(self._files), parent)
        self._files.append(file)
        return file

    def _take(self, file: _File, blocks: int) -> None:
        file.first, file.blocks = self._data, blocks
        self._data += blocks

    def _take_folder(self, folder: _File) -> None:
        names = [node.name for node in self._tree.children.get(folder.node.path, ())]
        folder.links, folder.size = 2, laid_size(names)
        blocks = ceil(folder.size, BLOCK)
        if blocks > DIRECT:
            what = (
                f"its {len(names)} names take {folder.size:,} bytes, and the kernel looks at the first "
                f"{DIRECT * BLOCK:,} of a folder"
            )
            self.faults.append(fault(folder.node, what, "spread them over several folders", "folder-full"))
        self._take(folder, blocks)

    # what it has to fit into

    def _fit(self, packing: Packing) -> Geometry:
        wanted = len(self._files)
        if packing.size is None:
            blocks, geometry = 0, self._geometry(0, packing)
            while geometry.first_data + self._data > blocks:  # the tables grow with the image, so not at once
                blocks = ceil(geometry.first_data + self._data, MIB // BLOCK) * (MIB // BLOCK)
                geometry = self._geometry(blocks, packing)
        else:
            blocks, rest = divmod(packing.size, BLOCK)
            if rest:
                what = f"an image cannot have {packing.size:,} bytes: it is made of blocks of {BLOCK}"
                self.faults.append(Fault(what, None, "give a number of MiB", "blockfs/size"))
            geometry = self._geometry(blocks, packing)
        if not 0 < blocks <= MOST_BLOCKS or geometry.inode_count > MOST_BLOCKS:
            what = (
                f"an image of {blocks:,} blocks and {geometry.inode_count:,} inodes cannot be said in 32 bits"
            )
            self.faults.append(Fault(what, None, "give a smaller size", "blockfs/size"))
        if geometry.usable < wanted:
            self.faults.append(_too_few(geometry, wanted))
        most = blocks if packing.most is None else min(blocks, packing.most // BLOCK)
        missing = (geometry.first_data + self._data - most) * BLOCK
        if packing.size is None:
            missing = max(missing, (blocks - most) * BLOCK)
        if missing > 0:
            self.faults.append(self._too_large(geometry, most, missing))
        return geometry

    def _geometry(self, blocks: int, packing: Packing) -> Geometry:
        inodes = packing.inodes
        if inodes is None:
            inodes = max(usual_inodes(blocks), inodes_for(len(self._files)))
        return Geometry(max(blocks, 0), max(inodes, 0))

    def _too_large(self, geometry: Geometry, most: int, missing: int) -> Fault:
        """One fault for the whole tree. Its code is what others look for who know how to make a tree smaller."""
        what = (
            f"the tree does not fit: it takes {self._data * BLOCK:,} bytes and the tables "
            f"{geometry.first_data * BLOCK:,}, the image has {most * BLOCK:,}, so {missing:,} are missing"
        )
        largest = sorted(self._files, key=lambda file: -file.size)[:8]
        lines = [f"{file.size:>15,}  {shown(file.node.path)}" for file in largest if file.node.kind == "file"]
        hint = "make the image larger or the tree smaller; the largest files:\n    " + "\n    ".join(lines)
        return Fault(what, None, hint, "blockfs/does-not-fit")

    # the pieces

    def __iter__(self) -> Iterator[Piece]:
        geometry, used, first = self.geometry, len(self._files), self._start
        allocated = first + self._data
        free = geometry.block_count - allocated, geometry.inode_count - used
        superblock = Superblock(MAGIC, geometry.block_count, geometry.inode_count, *free, first)
        bits = ((1 << allocated) - 1).to_bytes(ceil(allocated, 8), "little")
        yield Literally(0, superblock.pack())
        yield Literally(BLOCK, bits)
        for start in range(0, used, INODES_PER_BLOCK * _AT_ONCE):
            yield self._table_piece(start)
        for file in self._files:
            if file.blocks > DIRECT:
                yield from self._large(file, first + file.first)
            elif file.blocks:
                yield self._small(file, (first + file.first) * BLOCK)

    def _table_piece(self, start: int) -> Literally:
        data = bytearray()
        for number in range(start, min(start + INODES_PER_BLOCK * _AT_ONCE, len(self._files))):
            if number % INODES_PER_BLOCK == 0:
                data += bytes(-len(data) % BLOCK)
            data += self._inode(self._files[number])
        assert len(data) % BLOCK <= INODES_PER_BLOCK * INODE_SIZE
        return Literally(self.geometry.inode_at(start), bytes(data))

    def _inode(self, file: _File) -> bytes:
        node, count = file.node, ceil(file.size, BLOCK)
        mode = TYPE_BITS[node.kind] | (0o777 if node.kind == "symlink" else node.mode)
        start = self._start + file.first
        places = roots(range(start, start + file.blocks), count)
        owned = node.gid, file.links, file.blocks
        return Inode(mode, node.uid, file.size, 0, 0, seconds(node), 0, *owned, 0, *places).pack()

    def _small(self, file: _File, offset: int) -> Piece:
        node = file.node
        if node.kind == "directory":
            return Literally(offset, self._records(file))
        if node.content is None:
            return Literally(offset, node.target)
        return Copied(offset, node.content, 0, file.size)

    def _large(self, file: _File, first: int) -> Iterator[Piece]:
        content, done = file.node.content, 0
        assert content is not None
        for table, blocks in steps(range(first, first + file.blocks), ceil(file.size, BLOCK)):
            if table:
                yield Literally(table * BLOCK, pointers(blocks))
            else:
                length = min(file.size - done, len(blocks) * BLOCK)
                yield Copied(blocks[0] * BLOCK, content, done, length)
                done += length

    def _records(self, folder: _File) -> bytes:
        entries = [(folder.number, RECORD_KINDS["directory"], b".")]
        entries.append((folder.parent, RECORD_KINDS["directory"], b".."))
        entries += [(file.number, RECORD_KINDS[file.node.kind], name) for file, name in folder.entries]
        return lay_records(entries)[0]


def _too_few(geometry: Geometry, wanted: int) -> Fault:
    usable, declared = geometry.usable, geometry.inode_count
    what = f"the tree has {wanted:,} files and folders, {wanted - usable:,} more than there are inodes for"
    if usable < declared:
        what += f": of {declared:,} inodes {usable:,} have a place, as 42 fit into a block and not 42.67"
    return Fault(what, None, f"give at least {inodes_for(wanted):,} inodes", "blockfs/inodes")
