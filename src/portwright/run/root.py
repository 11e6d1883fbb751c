"""The guest's view of files: a root folder and shares that no path leads out of, walked one name at a time.

Each step opens one name below a folder that is already held, never following a link; links are read and
walked here, `..` goes to the folder that was held before. So neither `..`, absolute paths, links, nor
somebody renaming things meanwhile can lead out: the host never resolves more than one name for the guest.
"""

from __future__ import annotations

import errno
import os
import resource
import stat
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portwright.run.failure import Failed

MOST_LINKS = 40
LONGEST_PATH = 4096
DEEPEST = 255  # folders in folders: each is held open, down from the root
KEPT_FILES = 64  # of the host's files, for portwright itself: to read a crashed guest's program, for one
_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
Names = tuple[bytes, ...]


class Folder:
    """A folder that is held open; closed when nothing refers to it. `names` is where the guest sees it."""

    __slots__ = ("fd", "names", "parent", "readonly")

    def __init__(self, fd: int, parent: Folder | None, names: Names, readonly: bool) -> None:
        self.fd = fd
        self.parent = parent
        self.names = names
        self.readonly = readonly

    def __del__(self) -> None:
        os.close(self.fd)

    @property
    def path(self) -> bytes:
        """The guest's path of it."""
        return b"/" + b"/".join(self.names)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: a name in a held folder (`.`: the folder itself); the name need not exist.

    `directory`: the path says that it must be one (`name/`). `device`: the machine's own device of that name.
    """

    folder: Folder
    name: bytes
    directory: bool = False
    device: str | None = None

    @property
    def names(self) -> Names:
        """Where the guest sees it."""
        return self.folder.names if self.name == b"." else (*self.folder.names, self.name)


@dataclass(frozen=True, slots=True)
class Share:
    """A host folder that the guest sees at a path of its own."""

    host: Path
    guest: str
    readonly: bool = False


@dataclass(slots=True)
class Root:
    """The guest's whole tree. `shares` and `devices` by guest names; a share's folder is held from the start, so
    that nobody puts another (or a link) where it lies. `kept_out` are host devices (st_dev) that no share shows,
    such as /proc, whose files are doors to the host."""

    top: Folder
    shares: Mapping[Names, Folder] = field(default_factory=dict)
    devices: Mapping[Names, str] = field(default_factory=dict)
    kept_out: frozenset[int] = frozenset()

    def find(self, start: Folder, path: bytes, *, follow: bool = True, keep_link: bool = False) -> Place:
        """Where a path leads from a folder. `follow`: also through a link at its end (a `/` behind it does
        that too, but for `keep_link`). Raises `Failed`, and `OSError` with the host's reason."""
        if not path:
            raise Failed("ENOENT")
        if len(path) >= LONGEST_PATH:
            raise Failed("ENAMETOOLONG")
        folder = self.top if path.startswith(b"/") else start
        names = deque(_split(path))
        directory = path.endswith((b"/", b"/.", b"/..")) or path in (b".", b"..")
        links = 0
        while names:
            name = names.popleft()
            if name == b".":
                continue
            if name == b"..":
                folder = folder.parent or folder
                continue
            last = not names
            here = (*folder.names, name)
            if last and (here in self.devices or here in self.shares):
                return Place(folder, name, directory, self.devices.get(here))
            followed = not last or follow or (directory and not keep_link)
            inner = None if last else self._enter(folder, name)
            if inner is not None:
                folder = inner
                continue
            target = self._link(folder, name) if followed else None
            if target is None:
                if last:
                    return Place(folder, name, directory)
                self._complain(folder, name)
                names.appendleft(name)  # it changed its kind meanwhile: look again
                target = b"."
            links += 1
            if links > MOST_LINKS:
                raise Failed("ELOOP")
            if not target:
                raise Failed("ENOENT")
            if target.startswith(b"/"):
                folder = self.top
            directory = directory or (last and target.endswith(b"/"))
            names.extendleft(reversed(_split(target)))
        return Place(folder, b".", True)

    def enter(self, place: Place) -> Folder:
        """The held folder that a place is; raises `OSError` (ENOENT, ENOTDIR) where it is none."""
        if place.name == b".":
            return place.folder
        inner = None if place.device else self._enter(place.folder, place.name)
        if inner is None:
            self._complain(place.folder, place.name)
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return inner

    def is_fixed(self, place: Place) -> bool:
        """Whether a place is (or holds) a share or a device, and so cannot be removed or renamed."""
        names = place.names
        return any(fixed[: len(names)] == names for fixed in (*self.shares, *self.devices))

    def fixed_names(self, folder: Folder) -> list[bytes]:
        """The names of the shares and devices right below a folder."""
        depth = len(folder.names)
        fixed = {*self.shares, *self.devices}
        return sorted({n[depth] for n in fixed if len(n) == depth + 1 and n[:depth] == folder.names})

    def share_of(self, folder: Folder) -> Names:
        """Where the share is that a folder lies in; no names where it lies in none."""
        lengths = range(len(folder.names), 0, -1)
        return next((folder.names[:n] for n in lengths if folder.names[:n] in self.shares), ())

    def _enter(self, folder: Folder, name: bytes) -> Folder | None:
        """The folder of that name; None where it is something else (a link, perhaps)."""
        names = (*folder.names, name)
        share = self.shares.get(names)
        try:
            fd = os.dup(share.fd) if share else os.open(name, _STEP, dir_fd=folder.fd)
        except NotADirectoryError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                return None
            raise
        inner = Folder(fd, folder, names, share.readonly if share else folder.readonly)
        if len(names) > DEEPEST:
            raise Failed("ENAMETOOLONG")
        spare(fd)
        if self.kept_out and os.fstat(fd).st_dev in self.kept_out:
            raise Failed("EACCES")
        return inner

    @staticmethod
    def _link(folder: Folder, name: bytes) -> bytes | None:
        """What a link says; None where there is no link (or nothing at all)."""
        try:
            return os.readlink(name, dir_fd=folder.fd)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT):
                return None
            raise

    @staticmethod
    def _complain(folder: Folder, name: bytes) -> None:
        """Raise what is wrong with a name that should be a folder; return where it is one or a link by now."""
        mode = os.stat(name, dir_fd=folder.fd, follow_symlinks=False).st_mode
        if not stat.S_ISDIR(mode) and not stat.S_ISLNK(mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def hold(host: Path, *, readonly: bool = False) -> Folder:
    """Hold a host folder as the top of a tree."""
    return Folder(os.open(host, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC), None, (), readonly)


def spare(fd: int) -> None:
    """Raise `Failed` (ENFILE) where a file that was opened for the guest leaves too few for portwright itself."""
    if fd >= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - KEPT_FILES:
        raise Failed("ENFILE")


def names_of(guest: str) -> Names:
    """The names in an absolute guest path."""
    return tuple(name for name in _split(os.fsencode(guest)) if name != b".")


def host_doors() -> frozenset[int]:
    """The devices (st_dev) of the host's /proc and /sys."""
    found = set()
    for name in ("/proc", "/sys"):
        if Path(name).is_dir():
            found.add(Path(name).stat().st_dev)
    return frozenset(found) - {Path("/").stat().st_dev}


def _split(path: bytes) -> list[bytes]:
    return [name for name in path.split(b"/") if name]
