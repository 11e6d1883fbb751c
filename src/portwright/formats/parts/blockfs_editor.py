"""Changing the files of a BlockFS image in place, each call all or nothing."""

from __future__ import annotations

from portwright.base.errors import BadInput, Fault, Where, raise_if
from portwright.base.sources import Memory
from portwright.formats import Node, Target
from portwright.formats.parts.blockfs_change import Change, used_inodes
from portwright.formats.parts.blockfs_disk import (
    BLOCK,
    RECORD_DIRECTORY,
    RECORD_KINDS,
    TYPE_BITS,
    Inode,
    blocks_of,
    ceil,
    lay_records,
)
from portwright.formats.parts.blockfs_rules import faults_of, seconds, shown, size_of
from portwright.formats.parts.blockfs_volume import BlockVolume


class BlockEditor:
    """See `Editor`. Names that a file keeps besides one that is replaced keep the old content, as `mv` does it."""

    def __init__(self, target: Target) -> None:
        self.volume, self.target = BlockVolume(target), target
        self._used = used_inodes(self.volume)

    def _change(self) -> Change:
        return Change(self.volume, self.target, self._used)

    def add(self, node: Node) -> None:
        """See `Editor`; a node that is another name (`same_as`) becomes that."""
        raise_if(faults_of(node))
        if node.same_as:
            self.link(node.same_as, node.path)
            return
        change, parent, there = self._change(), self._parent(node.path), self.volume.lookup(node.path)
        if there is not None:
            self._may_replace(node.path, node.kind, there)
        spare = blocks_of(ceil(size_of(node), BLOCK)) if node.kind != "directory" else 1
        kind = RECORD_KINDS[node.kind]
        if there is None or there.links > 1:
            number = change.take_inode()
            if there is None:
                change.insert(parent.number, parent.path, node.name, (number, kind), spare)
            else:
                change.release(there.number)
        else:
            number = there.number
            change.drop_content(change.inode(number))
        if there is not None:
            change.folder(parent.number, parent.path).change(node.name, number, kind)
        mode = TYPE_BITS[node.kind] | (0o777 if node.kind == "symlink" else node.mode)
        inode = Inode(mode=mode, uid=node.uid, gid=node.gid, mtime=seconds(node), links=1)
        if node.kind == "directory":
            dots = (number, RECORD_DIRECTORY, b"."), (parent.number, RECORD_DIRECTORY, b"..")
            data, size = lay_records(dots)
            inode = change.store(inode, Memory(data)).but(size=size, links=2)
            change.count_link(parent.number, 1)
        elif node.kind == "symlink":
            inode = change.store(inode, Memory(node.target))
        elif node.content is not None:
            inode = change.store(inode, node.content)
        change.put(number, inode)
        change.commit()

    def remove(self, path: bytes) -> None:
        """See `Editor`."""
        change, node, parent = self._change(), self._found(path), self._parent(path)
        if node.kind == "directory":
            inside = change.folder(node.number, path).names
            if inside:
                some = ", ".join(sorted(shown(name)[1:] for name in inside)[:3])
                raise _bad(path, f"the folder is not empty: it has {some}", "not-empty", "remove those first")
            change.count_link(parent.number, -1)
        change.folder(parent.number, parent.path).delete(node.name)
        change.release(node.number)
        change.commit()

    def rename(self, old: bytes, new: bytes) -> None:
        """See `Editor`."""
        node, source = self._found(old), self._parent(old)
        raise_if(faults_of(Node(new, "file")))
        if new == old:
            return
        if new.startswith(old + b"/"):
            raise _bad(old, "a folder cannot be put into itself", "into-itself")
        change, parent, there = self._change(), self._parent(new), self.volume.lookup(new)
        meaning = node.number, RECORD_KINDS[node.kind]
        change.folder(source.number, source.path).delete(old.rpartition(b"/")[2])
        name = new.rpartition(b"/")[2]
        if there is not None:
            self._may_replace(new, node.kind, there)
            change.release(there.number)
            change.folder(parent.number, parent.path).change(name, *meaning)
        else:
            change.insert(parent.number, parent.path, name, meaning)
        if node.kind == "directory" and parent.number != source.number:
            change.folder(node.number, old).adopt(parent.number)
            change.count_link(source.number, -1)
            change.count_link(parent.number, 1)
        change.commit()

    def change_mode(self, path: bytes, mode: int) -> None:
        """See `Editor`."""
        node = self._found(path, root_too=True)
        raise_if(faults_of(Node(b"", "file", mode)))
        change = self._change()
        inode = change.inode(node.number)
        change.put(node.number, inode.but(mode=inode.mode & 0xF000 | mode))
        change.commit()

    def link(self, existing: bytes, path: bytes) -> None:
        """See `Editor`."""
        node = self._found(existing)
        if node.kind == "directory":
            raise _bad(existing, "a folder has one name only", "same-as", "make a symlink to it")
        raise_if(faults_of(Node(path, "file")))
        change, parent = self._change(), self._parent(path)
        if self.volume.lookup(path) is not None:
            raise _bad(path, "there is a file of this name", "exists", "remove it first")
        change.insert(
            parent.number, parent.path, path.rpartition(b"/")[2], (node.number, RECORD_KINDS[node.kind])
        )
        change.count_link(node.number, 1)
        change.commit()

    # what is there

    def _found(self, path: bytes, root_too: bool = False) -> Node:
        node = self.volume.lookup(path)
        if node is None:
            raise _bad(path, "there is no such file", "no-file", "`image ls` lists those that are there")
        if not path and not root_too:
            raise _bad(path, "the root stays where it is", "root")
        return node

    def _parent(self, path: bytes) -> Node:
        parent = path.rpartition(b"/")[0]
        if not path:
            raise _bad(path, "the root is there already", "root")
        node = self.volume.lookup(parent)
        if node is None or node.kind != "directory":
            what = f"its folder {shown(parent)} is {'not there' if node is None else 'a ' + node.kind}"
            raise _bad(path, what, "no-folder", "add the folder first")
        return node

    def _may_replace(self, path: bytes, kind: str, there: Node) -> None:
        if there.kind == "directory" or kind == "directory":
            what = f"there is a {there.kind} of this name, and a {kind} cannot take its place"
            raise _bad(path, what, "exists", "remove it first")


def _bad(path: bytes, what: str, code: str, hint: str | None = None) -> BadInput:
    return BadInput([Fault(what, Where(shown(path)), hint, f"blockfs/{code}")])
