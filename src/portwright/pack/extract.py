"""Takes files out of an image into a folder of the host, and never writes outside of it.

Every name is opened inside its own folder, symlinks unfollowed, whatever the image says; what is there already is
not touched. Devices are not made. Owners are left out, and the bits that give a program its owner's rights.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.errors import Fault, Where, raise_if
from portwright.base.events import Advanced, Event
from portwright.base.files import disk_errors
from portwright.base.sources import AT_ONCE
from portwright.formats import Node, Volume
from portwright.pack import volume as volumes
from portwright.pack.place import printable
from portwright.pack.volume import Found
from portwright.pack.write import ELSEWHERE, put_sparse

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
KEPT_OPEN = 32


@dataclass(slots=True)
class Extracted:
    """How much was taken out, and what was left out with the reason."""

    files: int = 0
    folders: int = 0
    symlinks: int = 0
    bytes: int = 0
    skipped: list[str] = field(default_factory=list)


def extract(
    found: Found, target: Path, *, skip: bool = False, force: bool = False
) -> Generator[Event, None, Extracted]:
    """Extract a folder's content (or one file) into the folder `target`; raises `BadInput` with all that cannot be,
    before anything is written, or with `skip` leaves that out. `force`: files take the place of those there."""
    inside = volumes.folder_of(found)
    top = inside.node
    if top.kind == "directory":
        prefix = len(top.path) + 1 if top.path else 0
        nodes = [node for node in volumes.below(inside.volume, top.path) if node.path != top.path]
    else:
        prefix, nodes = len(top.path) - len(top.name), [top]
    faults = dict(_faults(nodes, prefix, inside))
    if not skip:
        raise_if(faults.values())
    with disk_errors(target, ELSEWHERE):
        target.mkdir(exist_ok=True)
        root = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        hand = _Hand(root, inside.volume, target, force)
        hand.done.skipped += [f"/{printable(nodes[at].path)}: {fault.what}" for at, fault in faults.items()]
        try:
            for at, node in enumerate(nodes):
                if at not in faults:
                    hand.take(node, node.path[prefix:], prefix)
                if at % 256 == 255:
                    yield Advanced("extract", at + 1)
            hand.finish()
        finally:
            hand.close()
            os.close(root)
    raise_if(hand.faults)
    return hand.done


def _faults(nodes: list[Node], prefix: int, found: Found) -> Iterator[tuple[int, Fault]]:
    """What cannot be extracted: (index, why)."""
    for at, node in enumerate(nodes):
        where = Where(str(found.level.address.then(f"/{printable(node.path)}")))
        names = node.path[prefix:].split(b"/")
        hint = "leave it out with --skip"
        if any(name in (b"", b".", b"..") or b"\0" in name for name in names):
            yield at, Fault("no file of the host can have this name", where, hint, "image/name")
        elif any(len(name) > 255 for name in names):
            yield at, Fault("the name is longer than the 255 bytes of the host", where, hint, "image/name")
        elif node.kind == "symlink" and (b"\0" in node.target or not node.target):
            yield at, Fault("the symlink's target is no name", where, hint, "image/name")
        elif node.kind not in ("file", "directory", "symlink"):
            yield at, Fault(f"a {node.kind} device is not made", where, hint, "image/special-file")


class _Hand:
    """Folders that are open, and what is left to do at the end."""

    def __init__(self, root: int, volume: Volume, target: Path, force: bool) -> None:
        self.root, self.volume, self.target, self.force = root, volume, target, force
        self.open: dict[bytes, int] = {}
        self.modes: list[tuple[bytes, int]] = []
        self.made: set[bytes] = set()
        self.done = Extracted()
        self.faults: list[Fault] = []

    def take(self, node: Node, path: bytes, prefix: int) -> None:
        """Extract one file; what goes wrong with it is kept, and the others follow."""
        parent, _, name = path.rpartition(b"/")
        try:
            folder = self._folder(parent)
            if node.kind == "directory":
                self._make_folder(folder, name)
                self.modes.append((path, node.mode & 0o777))
                self.done.folders += 1
            elif node.kind == "symlink":
                self._clear(folder, name)
                os.symlink(node.target, name, dir_fd=folder)
                self.done.symlinks += 1
            elif not self._linked(node, folder, name, prefix):
                self._file(node, folder, name)
                self.made.add(path)
        except FileExistsError:
            self._fault(path, "there is something of that name already", "give an empty folder, or --force")
        except NotADirectoryError:
            self._fault(
                path, "a file or a symlink lies where its folder should be", "extract into an empty folder"
            )
        except FileNotFoundError:
            self._fault(path, "its folder could not be made", "see the other errors")
        except IsADirectoryError:
            self._fault(path, "a folder lies where a file should be", "extract into an empty folder")

    def _fault(self, path: bytes, what: str, hint: str) -> None:
        where = Where(f"{self.target}/{printable(path)}")
        self.faults.append(Fault(what, where, hint, "image/in-the-way"))

    def _folder(self, path: bytes) -> int:
        """The open folder of a path, reached name by name from the target."""
        if not path:
            return self.root
        if path in self.open:
            return self.open[path]
        parent, _, name = path.rpartition(b"/")
        found = os.open(name, FOLDER, dir_fd=self._folder(parent))
        if len(self.open) >= KEPT_OPEN:
            self.close()
        self.open[path] = found
        return found

    def _make_folder(self, folder: int, name: bytes) -> None:
        try:
            os.mkdir(name, 0o700, dir_fd=folder)
        except FileExistsError:
            os.close(os.open(name, FOLDER, dir_fd=folder))  # a real folder, which is then used

    def _clear(self, folder: int, name: bytes) -> None:
        if self.force:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)

    def _linked(self, node: Node, folder: int, name: bytes, prefix: int) -> bool:
        """Make a hard link, where the first name was extracted too."""
        first = node.same_as[prefix:] if len(node.same_as) > prefix else b""
        if first not in self.made:  # it leads nowhere, or to something that is not ours
            return False
        parent, _, own = first.rpartition(b"/")
        self._clear(folder, name)
        try:
            os.link(own, name, src_dir_fd=self._folder(parent), dst_dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if isinstance(error, FileExistsError):
                raise
            return False
        self.done.files += 1
        return True

    def _file(self, node: Node, folder: int, name: bytes) -> None:
        self._clear(folder, name)
        out = os.open(name, FILE, 0o600, dir_fd=folder)
        try:
            os.ftruncate(out, node.size)
            self._fill(node, out)
            os.fchmod(out, node.mode & 0o777)
            if node.modified:
                os.utime(out, (node.modified, node.modified))
        except BaseException:
            os.unlink(name, dir_fd=folder)
            raise
        finally:
            os.close(out)
        self.done.files += 1
        self.done.bytes += node.size

    def _fill(self, node: Node, out: int) -> None:
        at = 0
        for place, length in self.volume.stretches(node):
            if place is not None:
                for step in range(0, length, AT_ONCE):
                    part = min(AT_ONCE, length - step)
                    put_sparse(out, self.volume.source.read(place + step, part), at + step)
            at += length

    def finish(self) -> None:
        """Give the folders their modes: last, since they may forbid writing."""
        for path, mode in reversed(self.modes):
            with contextlib.suppress(OSError):
                held = os.open(
                    path.rpartition(b"/")[2], FOLDER, dir_fd=self._folder(path.rpartition(b"/")[0])
                )
                os.fchmod(held, mode)
                os.close(held)

    def close(self) -> None:
        """Close the folders that are open."""
        for descriptor in self.open.values():
            os.close(descriptor)
        self.open.clear()
