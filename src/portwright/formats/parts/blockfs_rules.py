"""What BlockFS can hold of a tree: names, kinds, owners, sizes; every fault of a node with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import Fault, Where
from portwright.formats import Node
from portwright.formats.parts.blockfs_disk import MOST_OWNER, MOST_SIZE, NAME_MOST, PATH_MOST

_TARGET_MOST = 4094


def shown(path: bytes) -> str:
    """A path as people read it."""
    return "/" + path.decode("utf-8", "backslashreplace")


def fault(node: Node, what: str, hint: str, code: str) -> Fault:
    """Something that is wrong with a node."""
    return Fault(what, Where(shown(node.path)), hint, f"blockfs/{code}")


def faults_of(node: Node) -> Iterator[Fault]:
    """Everything that keeps a node out of an image, its place in the tree aside."""
    if node.path:
        yield from _faults_of_path(node)
    if node.kind not in ("file", "directory", "symlink"):
        what = f"a {node.kind} cannot be stored: the kernel takes the bits of such a mode for a folder's"
        yield fault(node, what, "leave it out: the system makes its devices itself, in /dev", "kind")
    if node.kind == "symlink" and not node.same_as:
        yield from _faults_of_target(node)
    if node.kind == "file" and not node.same_as:
        size = size_of(node)
        if node.content is None and node.size:
            yield fault(node, f"{node.size} bytes are promised, and there is no content", "", "content")
        if size > MOST_SIZE:
            what = f"{size} bytes, and a file has less than 4 GiB"
            yield fault(node, what, "its size is kept in 32 bits: split it", "file-size")
    for owner, number in (("user", node.uid), ("group", node.gid)):
        if not 0 <= number <= MOST_OWNER:
            what = f"it belongs to {owner} {number}, and there are 16 bits for it"
            yield fault(node, what, "give it to root (0) or another small number", "owner")
    if node.mode & ~0o7777:
        yield fault(node, f"the mode {node.mode:#o} is more than permission bits", "", "mode")


def _faults_of_path(node: Node) -> Iterator[Fault]:
    name = node.name
    if not name or name in (b".", b".."):
        yield fault(node, f"{shown(name)[1:] or 'nothing'!r} is no name for a file", "", "name")
    if len(name) > NAME_MOST:
        what = f"its name has {len(name)} bytes, and a record takes {NAME_MOST}"
        yield fault(node, what, "shorten it", "name")
    if len(node.path) > PATH_MOST:
        what = f"its path has {len(node.path)} bytes, and the kernel takes {PATH_MOST}"
        yield fault(node, what, "no program could open it: put it higher", "path-length")
    if b"\0" in name:
        yield fault(node, "its name has a NUL, which ends a name", "rename it", "name")
    elif not is_text(name):
        what = "its name is not UTF-8, and the kernel would see an empty one"
        yield fault(node, what, "rename it", "name")


def _faults_of_target(node: Node) -> Iterator[Fault]:
    target = node.target
    if not 0 < len(target) <= _TARGET_MOST:
        what = f"it points to a path of {len(target)} bytes, and there may be 1 to {_TARGET_MOST}"
        yield fault(node, what, "shorten it", "target")
    if b"\0" in target or not is_text(target):
        what = "where it points is not text (UTF-8 without NUL), so the kernel could not follow it"
        yield fault(node, what, "point it to another name", "target")


def size_of(node: Node) -> int:
    """The bytes that a node's content takes."""
    if node.kind == "symlink":
        return len(node.target)
    return node.content.size if node.content is not None else 0


def seconds(node: Node) -> int:
    """A node's time as 32 bits hold it: the nearest that they can."""
    return min(max(node.modified, 0), 0xFFFF_FFFF)


def is_text(name: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
