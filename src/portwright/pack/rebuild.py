"""Edits of an image whose format is always written whole: its tree is changed, and laid out anew as it was made."""

from __future__ import annotations

from dataclasses import replace

from portwright.base.errors import BadInput, Where, fail
from portwright.formats import Layout, Node
from portwright.pack import volume as volumes
from portwright.pack.place import printable
from portwright.pack.volume import Level


class Rebuilder:
    """An editor (see `formats.Editor`) over the nodes of an image."""

    def __init__(self, level: Level) -> None:
        self.level = level
        self.nodes: dict[bytes, Node] = {}
        for node in level.files.walk():
            kept = replace(node, number=-1)
            if node.kind == "file":
                kept.content = volumes.content(level.files, node)
            self.nodes[node.path] = kept

    def layout(self) -> Layout:
        """The image of the changed tree."""
        return self.level.format.layout(
            list(self.nodes.values()), self.level.format.packing(self.level.files)
        )

    def add(self, node: Node) -> None:
        """See `Editor`."""
        self._parent(node.path)
        old = self.nodes.get(node.path)
        if old is not None and old.kind == "directory":
            if node.kind == "directory":
                self.nodes[node.path] = replace(old, mode=node.mode, uid=node.uid, gid=node.gid)
                return
            raise self._bad(f"`/{printable(node.path)}` is a folder", "remove it first")
        if old is not None and node.kind == "directory":
            raise self._bad(f"`/{printable(node.path)}` is a file", "remove it first")
        if old is not None:
            self._give_up(node.path)
        self.nodes[node.path] = replace(node, same_as=b"", number=-1)

    def remove(self, path: bytes) -> None:
        """See `Editor`."""
        node = self._node(path)
        if not path:
            raise self._bad("the root cannot be removed", "")
        if node.kind == "directory" and any(each.startswith(path + b"/") for each in self.nodes):
            raise self._bad(
                f"`/{printable(path)}` is a folder that is not empty", "remove what is in it first"
            )
        self._give_up(path)
        del self.nodes[path]

    def rename(self, old: bytes, new: bytes) -> None:
        """See `Editor`."""
        node = self._node(old)
        self._parent(new)
        if old == new:
            return
        if not old or new.startswith(old + b"/"):
            raise self._bad(f"`/{printable(old)}` cannot be moved into itself", "")
        there = self.nodes.get(new)
        if there is not None:
            if there.kind == "directory" or node.kind == "directory":
                raise self._bad(f"`/{printable(new)}` is there already", "remove it first")
            self._give_up(new)
            del self.nodes[new]
        moved = {path: self._moved(path, old, new) for path in self.nodes}
        self.nodes = {
            moved[path]: replace(each, path=moved[path], same_as=self._moved(each.same_as, old, new))
            for path, each in self.nodes.items()
        }
        self._in_order()

    def change_mode(self, path: bytes, mode: int) -> None:
        """See `Editor`."""
        first = self._node(path)
        first = self.nodes.get(first.same_as, first) if first.same_as else first
        for each in self.nodes.values():
            if each is first or (first.path and each.same_as == first.path) or each.path == path:
                each.mode = mode

    def link(self, existing: bytes, path: bytes) -> None:
        """See `Editor`."""
        node = self._node(existing)
        self._parent(path)
        if node.kind == "directory":
            raise self._bad(f"`/{printable(existing)}` is a folder, which has one name", "make a symlink")
        if path in self.nodes:
            raise self._bad(f"`/{printable(path)}` is there already", "remove it first")
        self.nodes[path] = replace(node, path=path, same_as=node.same_as or node.path)

    def _give_up(self, path: bytes) -> None:
        """A name goes: another name of the same file, if there is one, is its first from now on."""
        others = [each for each in self.nodes.values() if path and each.same_as == path]
        for each in others[:1]:
            each.same_as = b""
        for each in others[1:]:
            each.same_as = others[0].path

    def _in_order(self) -> None:
        """Folders before what is in them, first names before others: a rename may have turned them around."""
        rows = sorted(
            self.nodes.values(),
            key=lambda node: (bool(node.same_as), node.path.count(b"/") if node.path else -1),
        )
        self.nodes = {node.path: node for node in rows}

    @staticmethod
    def _moved(path: bytes, old: bytes, new: bytes) -> bytes:
        return new + path[len(old) :] if path == old or path.startswith(old + b"/") else path

    def _node(self, path: bytes) -> Node:
        if path not in self.nodes:
            raise self._bad(f"no file `/{printable(path)}`", "")
        return self.nodes[path]

    def _parent(self, path: bytes) -> None:
        parent = path.rpartition(b"/")[0]
        node = self.nodes.get(parent)
        if not path or node is None or node.kind != "directory":
            raise self._bad(f"there is no folder `/{printable(parent)}`", "make it first: `image mkdir`")

    def _bad(self, what: str, hint: str) -> BadInput:
        return fail(what, Where(str(self.level.address)), hint or None, "image/edit")
