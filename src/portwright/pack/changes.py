"""What the editing verbs mean: from words and a place in an image to operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from portwright.base.errors import Where, fail
from portwright.formats import Node
from portwright.pack import tree
from portwright.pack import volume as volumes
from portwright.pack.edit import Operation
from portwright.pack.place import encoded, inner, printable
from portwright.pack.tree import Keeping
from portwright.pack.volume import Found


def place(found: Found) -> tuple[str, ...]:
    """The parts that lead to the image that is found."""
    return found.level.address.parts


def add(
    found: Found, source: Path, *, into: bool, keeping: Keeping, mode: int | None, parents: bool
) -> list[Operation]:
    """Put a file of the host, or a folder with all in it, at a path; `into` says that the path is a folder's."""
    path = found.own_path
    there = found.volume.lookup(volumes.follow(found.level, path))
    if (
        there is not None
        and there.kind == "directory"
        and (into or not source.is_dir() or source.is_symlink())
    ):
        path = inner(there.path + b"/" + encoded(source.absolute().name))
    elif into and there is None:
        path = inner(path + b"/" + encoded(source.absolute().name))
    nodes = tree.single(source, path, keeping)
    if mode is not None:
        nodes[0] = replace(nodes[0], mode=mode)
    done = list(make_parents(found, path)) if parents else []
    names = {node.path: node for node in nodes}
    for node in nodes:
        existing = found.volume.lookup(node.path)
        if existing is not None and existing.kind == node.kind == "directory":
            continue
        if node.same_as in names:
            done.append(Operation("link", place(found), node.path, to=node.same_as))
        else:
            done.append(Operation("add", place(found), node.path, node=node))
    return done


def make_parents(found: Found, path: bytes) -> Iterator[Operation]:
    """Make the folders above a path that are not there."""
    names = path.split(b"/")
    for count in range(1, len(names)):
        folder = b"/".join(names[:count])
        if found.volume.lookup(folder) is None:
            yield Operation("add", place(found), folder, node=_folder(folder))


def make_folder(found: Found, *, parents: bool, mode: int | None) -> list[Operation]:
    """Make a folder."""
    path = found.own_path
    there = found.volume.lookup(path)
    if there is not None:
        if parents and there.kind == "directory":
            return []
        what = f"`/{printable(path)}` is there already"
        raise fail(
            what, Where(str(found.level.address)), "-p does not mind a folder that is there", "image/exists"
        )
    above = make_parents(found, path) if parents else ()
    return [*above, Operation("add", place(found), path, node=_folder(path, 0o755 if mode is None else mode))]


def _folder(path: bytes, mode: int = 0o755) -> Node:
    return Node(path, "directory", mode, modified=tree.epoch())


def remove(found: Found, *, recursive: bool) -> list[Operation]:
    """Take a file away, or a folder with all in it."""
    path = found.own_path
    node = volumes.require(found.level, path)
    inside = [each.path for each in volumes.below(found.volume, path) if each.path != path]
    if node.kind == "directory" and inside and not recursive:
        what = f"`/{printable(path)}` is a folder that holds {len(inside)} files"
        raise fail(what, Where(str(found.level.address)), "-r removes it with all in it", "image/not-empty")
    if not path:
        if not recursive:
            raise fail("the root cannot be removed", Where(str(found.level.address)), None, "image/root")
        return [Operation("remove", place(found), each) for each in reversed(_deep(inside))]
    return [Operation("remove", place(found), each) for each in [*reversed(_deep(inside)), path]]


def _deep(paths: list[bytes]) -> list[bytes]:
    return sorted(paths, key=lambda path: (path.count(b"/"), path))


def move(found: Found, new: Found) -> list[Operation]:
    """Give a file another path; into a folder where that is one."""
    old, path = found.own_path, new.own_path
    volumes.require(found.level, old)
    there = new.volume.lookup(volumes.follow(new.level, path))
    if there is not None and there.kind == "directory":
        path = inner(there.path + b"/" + old.rpartition(b"/")[2])
    return [Operation("rename", place(found), old, to=path)]


def change_mode(found: Found, text: str, *, recursive: bool) -> list[Operation]:
    """Set the permission bits; symlinks have none."""
    top = found.node
    nodes = list(volumes.below(found.volume, top.path)) if recursive else [top]
    return [
        Operation("mode", place(found), node.path, mode=mode_of(text, node))
        for node in nodes
        if node.kind != "symlink"
    ]


def mode_of(text: str, node: Node | None = None) -> int:
    """The bits that `755` or `u+x,go-w` mean, the latter for a node."""
    if re.fullmatch(r"[0-7]{1,4}", text):
        return int(text, 8)
    mode = node.mode if node is not None else 0o644
    for part in text.split(","):
        found = re.fullmatch(r"([ugoa]*)([-+=])([rwxX]*)", part)
        if found is None or node is None:
            raise fail(
                f"`{text}` is no mode", None, "give 755, or u+x,go-w for a file that is there", "image/mode"
            )
        who, how, bits = found[1] or "a", found[2], found[3]
        value = sum({"r": 4, "w": 2, "x": 1}.get(each, 0) for each in set(bits) - {"X"})
        if "X" in bits and (node.kind == "directory" or node.mode & 0o111):
            value |= 1
        whom = "ugo" if "a" in who else who
        mask = sum(value << {"u": 6, "g": 3, "o": 0}[each] for each in set(whom))
        clear = sum(7 << {"u": 6, "g": 3, "o": 0}[each] for each in set(whom))
        mode = {"+": mode | mask, "-": mode & ~mask, "=": mode & ~clear | mask}[how]
    return mode


def link(found: Found, target: str, *, symbolic: bool, force: bool) -> list[Operation]:
    """Give a file another name, or make a symlink to a target (which need not be there)."""
    path = found.own_path
    there = found.volume.lookup(path)
    target_name = encoded(target).rstrip(b"/").rpartition(b"/")[2]
    if there is not None and there.kind == "directory":
        path = inner(path + b"/" + target_name)
        there = found.volume.lookup(path)
    done = []
    if there is not None:
        if not force:
            what = f"`/{printable(path)}` is there already"
            raise fail(what, Where(str(found.level.address)), "--force takes it away first", "image/exists")
        done.append(Operation("remove", place(found), path))
    if symbolic:
        node = Node(path, "symlink", 0o777, len(encoded(target)), encoded(target), modified=tree.epoch())
        return [*done, Operation("add", place(found), path, node=node)]
    existing = volumes.follow(found.level, inner(target))
    volumes.require(found.level, existing)
    return [*done, Operation("link", place(found), path, to=existing)]
