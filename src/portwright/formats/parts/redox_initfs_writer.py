"""Writing an initfs of Redox, byte for byte as Redox's archivers do it with the same order of entries."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from portwright.base.errors import Fault, Where
from portwright.base.sources import Source
from portwright.formats import Copied, Literally, Node, Packing, Piece
from portwright.formats.parts.redox_initfs_image import (
    FIXED_MODES,
    INODES,
    MAGIC,
    NO_ENTRY,
    PAGE,
    STRIDES,
    bad_name,
    elf_entry,
    shown,
)

WRITTEN = ("R3", "R4a", "R4b", "R5")
DEFAULT = "R3"
MOST = 64 << 20
"""What the archivers allow an image when they were built for release, and were not told otherwise."""


class Tree:
    """The nodes to be packed by the folder that they are in, and what is wrong with them."""

    def __init__(self, nodes: Iterable[Node], order: str) -> None:
        self.faults: list[Fault] = []
        self.root = Node(b"", "directory", 0o755)
        self.nodes: dict[bytes, Node] = {}
        for node in nodes:
            if node.path == b"":
                self.root = node
            elif node.path in self.nodes:
                self._fault(node, "it is there twice", "same-path")
            else:
                self.nodes[node.path] = node
        if self.root.kind != "directory":
            self._fault(self.root, "the root of the tree is no folder", "root")
        self.children: dict[bytes, list[Node]] = {b"": []}
        self.children |= {path: [] for path, node in self.nodes.items() if node.kind == "directory"}
        for node in self.nodes.values():
            self._add(node)
        if order == "sorted":
            for entries in self.children.values():
                entries.sort(key=lambda node: node.path)

    def _fault(self, node: Node, what: str, code: str, hint: str | None = None) -> None:
        self.faults.append(Fault(what, Where(shown(node.path) or "/"), hint, f"redox-initfs/{code}"))

    def _add(self, node: Node) -> None:
        parent, _, name = node.path.rpartition(b"/")
        if bad_name(name) or node.path.startswith(b"/"):
            self._fault(node, "no file can be called so", "name")
        elif len(name) > 0xFFFF:
            self._fault(node, f"its name has {len(name)} bytes; there is room for {0xFFFF}", "name")
        elif parent not in self.children:
            self._fault(node, "the folder that it is in is not given", "no-folder")
        elif node.kind not in ("file", "directory", "symlink"):
            what = f"an initfs cannot hold this: {node.kind}"
            self._fault(node, what, "kind", "only files, folders and symlinks go in; leave it out")
        elif node.kind == "file" and self.content(node) is None and node.size:
            self._fault(node, f"its content of {node.size} bytes is not given", "no-content")
        else:
            self.children[parent].append(node)

    def content(self, node: Node) -> Source | None:
        """What a file holds, also where it is another name of one: this format keeps two copies."""
        for _ in range(len(self.nodes)):
            if node.content is not None or not node.same_as or node.same_as not in self.nodes:
                break
            node = self.nodes[node.same_as]
        return node.content


class Plan:
    """Where everything lies. It is made in one walk, depth first: a folder's table, its files, each with its name."""

    def __init__(self, layout: str, tree: Tree, packing: Packing) -> None:
        self.layout, self.tree, self.last = layout, tree, layout == "R5"
        self.cursor = self.size = 0
        self.placed: list[tuple[int, bytes | bytearray | Source]] = []
        self.rows: list[bytes] = []
        self._row = struct.Struct("<III" if STRIDES[layout] == 12 else "<III8x")
        header, inodes, root = bytearray(), bytearray(), bytearray()
        self._place(header, PAGE)
        if packing.bootstrap is not None:
            self._place(packing.bootstrap, packing.bootstrap.size)
        count = 1 + sum(map(len, tree.children.values()))
        table = 0 if self.last else self._place(inodes, self._row.size * count)
        length = 8 * len(tree.children[b""])
        row = self._inode(tree.root, length, self._place(root, length))
        self._walk(root)
        number = len(self.rows) if self.last else 0
        self.rows.insert(number, row)
        if self.last:
            table = self._place(inodes, self._row.size * count)
        inodes += b"".join(self.rows)
        entry = None if packing.bootstrap is None else elf_entry(packing.bootstrap)
        entry = NO_ENTRY if entry is None else entry
        # cut only where that is a fault
        table, count, modified = table & 0xFFFF_FFFF, count & 0xFFFF, packing.modified & (1 << 64) - 1
        if self.last:
            fields = (table, self.size, PAGE, number & 0xFFFF, count, entry)
            header += struct.pack("<8sIQHHHQ", MAGIC, *fields)
        else:
            header += struct.pack("<8sIQIHQQH", MAGIC, table, modified, 0, count, entry, self.size, PAGE)

    def _place(self, data: bytes | bytearray | Source, size: int) -> int:
        """Allot whole pages; a table may be filled later. The image ends with the last byte, not its page."""
        offset = self.cursor
        if size:
            self.placed.append((offset, data))
            self.size = max(self.size, offset + size)
            self.cursor = offset + -(-size // PAGE) * PAGE
        return offset

    def _inode(self, node: Node, length: int, offset: int) -> bytes:
        if self.layout in FIXED_MODES:
            executable = node.kind == "file" and node.mode & 0o100
            kind = 1 if executable else {"file": 0, "directory": 2, "symlink": 3}[node.kind]
        else:
            kind = {"file": 0, "directory": 1, "symlink": 2}[node.kind] << 28 | node.mode & 0xFFF
        return self._row.pack(kind, length & 0xFFFF_FFFF, offset & 0xFFFF_FFFF)

    def _walk(self, table: bytearray) -> None:
        children = self.tree.children
        open_folders = [(iter(children[b""]), table, self.tree.root, 0, bytearray())]
        while open_folders:
            entries, table, folder, start, above = open_folders[-1]
            for node in entries:
                if node.kind == "directory":
                    inner, length = bytearray(), 8 * len(children[node.path])
                    inside = (iter(children[node.path]), inner, node, self._place(inner, length), table)
                    open_folders.append(inside)
                    break
                content = node.target if node.kind == "symlink" else self.tree.content(node)
                length = (
                    0 if content is None else len(content) if isinstance(content, bytes) else content.size
                )
                self._entry(node, length, self._place(content or b"", length), table)
            else:
                open_folders.pop()
                if open_folders:
                    self._entry(folder, 8 * len(children[folder.path]), start, above)

    def _entry(self, node: Node, length: int, offset: int, table: bytearray) -> None:
        """Number what has been placed, and put its name into its folder."""
        self.rows.append(self._inode(node, length, offset))
        number = len(self.rows) - self.last
        name = node.name
        place = self._place(name, len(name))
        table += struct.pack("<HHI", number & 0xFFFF, len(name), place & 0xFFFF_FFFF)

    def faults(self, most: int | None) -> Iterator[Fault]:
        """Why the image cannot be as large as it is."""
        if len(self.rows) > INODES:
            what = f"{len(self.rows)} files, and an initfs has room for {INODES}"
            yield Fault(
                what, None, "leave some out, or put them into a disk's image", "redox-initfs/too-many"
            )
        allowed = min(MOST if most is None else most, 0xFFFF_FFFF)
        if self.cursor <= allowed:
            return
        content, nodes = self.tree.content, self.tree.nodes.values()
        files = (((content(node) or node).size, node.path) for node in nodes if node.kind == "file")
        sizes = ", ".join(f"{shown(path)} {_mib(size)}" for size, path in sorted(files, reverse=True)[:5])
        what = f"the image would have {_mib(self.cursor)}, and may have {_mib(allowed)}"
        names = len(self.rows) - 1
        what += f"; every name costs a page, which makes {_mib(names * PAGE)}"
        what += f"; the largest files: {sizes}" if sizes else ""
        hint = "strip the programs, or allow more (`most`): the archivers' own limit is 64 MiB"
        if allowed == 0xFFFF_FFFF:
            hint = "its places are numbers of 32 bits: what is not needed before the disk is, belongs on the disk"
        yield Fault(what, None, hint, "redox-initfs/too-large")

    def pieces(self) -> Iterator[Piece]:
        """What lies where, in the order of the places."""
        for offset, data in self.placed:
            if isinstance(data, bytes | bytearray):
                yield Literally(offset, bytes(data))
            else:
                yield Copied(offset, data, 0, data.size)


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.2f} MiB"
