"""A guest's open files by number, and what can be done to files by path, inside its root."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable

from portwright.run.descriptors import Descriptors
from portwright.run.failure import Failed
from portwright.run.files import (
    DEVICE_MODE,
    DEVICES,
    Directory,
    HostFile,
    OpenFile,
    Status,
    made_up_status,
    status_of,
)
from portwright.run.hostility import Hostility
from portwright.run.root import Folder, Place, Root, spare

RETRIES = 16
_OPENABLE = {stat.S_IFREG, stat.S_IFDIR, stat.S_IFIFO}


class FileTable(Descriptors):
    """The open files of one process, its current directory, and its root."""

    def __init__(
        self,
        root: Root,
        hostility: Hostility,
        limit: int,
        on_limit: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(limit, on_limit)
        self.root = root
        self.current = root.top
        self.executable: tuple[bytes, bytes] | None = None  # a link of the OS's own, and the program's path
        self._hostility = hostility

    # --- by path

    def followed(self, path: bytes) -> bytes:
        """The program's own path, where the OS's link to it is meant."""
        return self.executable[1] if self.executable is not None and path == self.executable[0] else path

    def open(self, path: bytes, flags: int, mode: int, start: Folder | None = None) -> int:
        """Open by path with host flags (`os.O_*`), from `start` or the current directory; answers the number."""
        return self.add(lambda: self._open_path(path, flags, mode, start or self.current))

    def start(self, directory: int, path: bytes, here: int | None) -> Folder:
        """Where a path starts that goes with an open directory, whose number `here` means the current one."""
        if directory == here or path.startswith(b"/"):
            return self.current
        return self.directory(directory).folder

    def open_file(self, path: bytes, flags: int) -> OpenFile:
        """Open by path, without a number."""
        return self._open_path(path, flags, 0, self.current)

    def open_directory(self, path: bytes) -> int:
        """Open a directory for reading its entries."""
        return self.open(path, os.O_RDONLY | os.O_DIRECTORY, 0)

    def status(self, path: bytes, *, follow: bool, start: Folder | None = None) -> Status:
        """The canonical status of what a path names."""
        path = self.followed(path) if follow else path
        place = self.root.find(start or self.current, path, follow=follow)
        if place.device:
            return made_up_status(DEVICE_MODE)
        if place.names in self.root.shares:
            folder = self.root.enter(place)  # held while it is asked: it closes when nothing refers to it
            return status_of(os.fstat(folder.fd))
        found = os.stat(place.name, dir_fd=place.folder.fd, follow_symlinks=False)
        if place.directory and not stat.S_ISDIR(found.st_mode):
            raise Failed("ENOTDIR")
        return status_of(found)

    def create_directory(self, path: bytes, mode: int) -> None:
        """Make a directory."""
        place = self.root.find(self.current, path, follow=False, keep_link=True)
        if place.name == b"." or self.root.is_fixed(place):
            raise Failed("EEXIST")
        self.changeable(place)
        os.mkdir(place.name, mode & 0o777, dir_fd=place.folder.fd)

    def remove_directory(self, path: bytes, start: Folder | None = None) -> None:
        """Remove an empty directory."""
        place = self.root.find(start or self.current, path, follow=False, keep_link=True)
        self._removable(place)
        os.rmdir(place.name, dir_fd=place.folder.fd)

    def remove_file(self, path: bytes, start: Folder | None = None) -> None:
        """Take a file's name away."""
        place = self.root.find(start or self.current, path, follow=False, keep_link=True)
        if place.name == b".":
            raise Failed("EISDIR")
        self._removable(place)
        found = os.stat(place.name, dir_fd=place.folder.fd, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            raise Failed("EISDIR")
        if place.directory:
            raise Failed("ENOTDIR")
        os.unlink(place.name, dir_fd=place.folder.fd)

    def rename(self, path: bytes, target: bytes) -> None:
        """Give a file another name, replacing what has it."""
        old = self.root.find(self.current, path, follow=False, keep_link=True)
        new = self.root.find(self.current, target, follow=False, keep_link=True)
        for place in (old, new):
            self._removable(place)
        if self.root.share_of(old.folder) != self.root.share_of(new.folder):
            raise Failed("EXDEV")
        if old.directory or new.directory:
            found = os.stat(old.name, dir_fd=old.folder.fd, follow_symlinks=False)
            if not stat.S_ISDIR(found.st_mode):
                raise Failed("ENOTDIR")
        os.replace(old.name, new.name, src_dir_fd=old.folder.fd, dst_dir_fd=new.folder.fd)

    def change_directory(self, path: bytes) -> None:
        """Make a directory the current one."""
        self.current = self.root.enter(self.root.find(self.current, path))

    def current_path(self) -> bytes:
        """The current directory's path; raises `Failed` (ENOENT) where it was removed."""
        if os.fstat(self.current.fd).st_nlink == 0:
            raise Failed("ENOENT")
        return self.current.path

    # --- below

    def _removable(self, place: Place) -> None:
        if place.name == b"." or self.root.is_fixed(place):
            raise Failed("EBUSY")
        self.changeable(place)

    @staticmethod
    def changeable(place: Place) -> None:
        """Raise `Failed` (EROFS) where a guest may change nothing."""
        if place.folder.readonly:
            raise Failed("EROFS")

    def _open_path(self, path: bytes, flags: int, mode: int, start: Folder) -> OpenFile:
        follow = not flags & os.O_NOFOLLOW and flags & (os.O_CREAT | os.O_EXCL) != os.O_CREAT | os.O_EXCL
        path = self.followed(path) if follow else path
        for _ in range(RETRIES):
            place = self.root.find(start, path, follow=follow)
            try:
                return self._open_place(place, flags, mode)
            except OSError as error:
                if error.errno != errno.ELOOP or not follow:
                    raise
                # A link took the place of what was there a moment ago: look again.
        raise Failed("ELOOP")

    def _open_place(self, place: Place, flags: int, mode: int) -> OpenFile:
        if place.device:
            if flags & os.O_DIRECTORY or place.directory:
                raise Failed("ENOTDIR")
            if flags & (os.O_CREAT | os.O_EXCL) == os.O_CREAT | os.O_EXCL:
                raise Failed("EEXIST")
            return DEVICES[place.device]()
        writes = flags & os.O_ACCMODE != os.O_RDONLY
        if place.name == b"." or place.names in self.root.shares:
            return self._open_folder(self.root.enter(place), flags)
        kind = self._kind(place)
        if kind is not None and kind not in _OPENABLE and kind != stat.S_IFLNK:
            raise Failed("EACCES")
        if place.directory:
            if flags & os.O_CREAT and kind != stat.S_IFDIR:
                raise Failed("EISDIR")
            flags |= os.O_DIRECTORY
        if kind == stat.S_IFDIR and not writes and not flags & os.O_CREAT:
            return self._open_folder(self.root.enter(place), flags)
        if (writes or flags & os.O_TRUNC) or (kind is None and flags & os.O_CREAT):
            self.changeable(place)
        fd = os.open(
            place.name,
            flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
            mode & 0o777,
            dir_fd=place.folder.fd,
        )
        try:
            spare(fd)
            if stat.S_IFMT(os.fstat(fd).st_mode) not in (stat.S_IFREG, stat.S_IFIFO):
                raise Failed("EACCES")
            os.set_blocking(fd, True)
        except BaseException:
            os.close(fd)
            raise
        readable = flags & os.O_ACCMODE != os.O_WRONLY
        return HostFile(fd, readable=readable, writable=writes, readonly=place.folder.readonly)

    @staticmethod
    def _kind(place: Place) -> int | None:
        try:
            found = os.stat(place.name, dir_fd=place.folder.fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return stat.S_IFMT(found.st_mode)

    def _open_folder(self, folder: Folder, flags: int) -> OpenFile:
        if flags & os.O_CREAT and flags & os.O_EXCL:
            raise Failed("EEXIST")
        if flags & os.O_ACCMODE != os.O_RDONLY or flags & (os.O_CREAT | os.O_TRUNC):
            raise Failed("EISDIR")
        fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder.fd)
        return Directory(fd, folder, lambda fd: self._entries(fd, folder))

    def _entries(self, fd: int, folder: Folder) -> list[tuple[bytes, int, int]]:
        fixed = self.root.fixed_names(folder)
        found = [(b".", 1, stat.S_IFDIR), (b"..", 1, stat.S_IFDIR)]
        with os.scandir(fd) as entries:
            for entry in entries:
                name = os.fsencode(entry.name)
                if name in fixed:
                    continue
                with contextlib.suppress(
                    FileNotFoundError
                ):  # it went while we looked: in a share somebody may
                    kind = stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode)
                    found.append((name, entry.inode(), kind))
        for name in fixed:
            device = (*folder.names, name) in self.root.devices
            found.append((name, 1, stat.S_IFCHR if device else stat.S_IFDIR))
        self._hostility.shuffle(found)
        return found
