"""A process's open files by number: what each number stands for, and which of them end when a program is started.

One open file can have several numbers, in several processes: it is closed when the last of them is.
"""

from __future__ import annotations

from collections.abc import Callable

from portwright.run.failure import Failed
from portwright.run.files import Directory, OpenFile


class Descriptors:
    """At most `limit` numbers; `on_limit` is told when that stands in the way."""

    def __init__(self, limit: int, on_limit: Callable[[], None] = lambda: None) -> None:
        self._limit = limit
        self._on_limit = on_limit
        self._open: dict[int, OpenFile] = {}
        self._stays: set[int] = set()

    def get(self, fd: int) -> OpenFile:
        """The open file of that number; raises `Failed` (EBADF)."""
        try:
            return self._open[fd]
        except KeyError:
            raise Failed("EBADF") from None

    def directory(self, fd: int) -> Directory:
        """The open directory of that number; raises `Failed` (EBADF, ENOTDIR)."""
        found = self.get(fd)
        if not isinstance(found, Directory):
            raise Failed("ENOTDIR")
        return found

    def put(self, fd: int, file: OpenFile) -> None:
        """Make a number of the caller's choice stand for an open file; what it stood for is closed."""
        file.holders += 1
        if fd in self._open:
            self.close(fd)
        self._open[fd] = file

    def add(self, make: Callable[[], OpenFile], *, stays: bool = False, lowest: int = 0) -> int:
        """Open a file and give it the lowest free number, from `lowest` on; raises `Failed` (EMFILE). For `stays` see
        `set_stays`."""
        self.check_room(1)
        file, fd = make(), lowest
        while fd in self._open:
            fd += 1
        self.put(fd, file)
        self.set_stays(fd, stays)
        return fd

    def check_room(self, count: int) -> None:
        """Raise `Failed` (EMFILE) where so many more files would be too many."""
        if len(self._open) + count > self._limit:
            self._on_limit()
            raise Failed("EMFILE")

    def duplicate(self, fd: int, *, stays: bool = False, lowest: int = 0) -> int:
        """A second number for an open file, not below `lowest`."""
        file = self.get(fd)
        return self.add(lambda: file, stays=stays, lowest=lowest)

    def duplicate_to(self, fd: int, target: int, *, stays: bool = False) -> None:
        """Make `target` stand for the open file `fd`; raises `Failed` (EBADF) for a number that none can be."""
        file = self.get(fd)
        if not 0 <= target < self._limit:
            raise Failed("EBADF")
        if fd != target:
            self.put(target, file)
            self.set_stays(target, stays)

    def stays(self, fd: int) -> bool:
        """Whether a program that is started does not get this number (FD_CLOEXEC)."""
        self.get(fd)
        return fd in self._stays

    def set_stays(self, fd: int, stays: bool) -> None:
        """Say whether a program that is started gets this number."""
        self.get(fd)
        (self._stays.add if stays else self._stays.discard)(fd)

    def opened(self, fd: int, flags: frozenset[str]) -> None:
        """Note how a file was opened that is new."""
        file = self.get(fd)
        file.flags, file.nonblocking = flags, "O_NONBLOCK" in flags
        self.set_stays(fd, "O_CLOEXEC" in flags)

    def numbers(self) -> list[int]:
        """All numbers that stand for something, the lowest first."""
        return sorted(self._open)

    def close(self, fd: int) -> None:
        """Take a number away."""
        file = self.get(fd)
        del self._open[fd]
        self._stays.discard(fd)
        file.holders -= 1
        if not file.holders:
            file.close()

    def close_all(self) -> None:
        """Take every number away."""
        for fd in self.numbers():
            self.close(fd)

    def copy_to(self, other: Descriptors) -> None:
        """Give another table every number, as a fork does."""
        for fd, file in self._open.items():
            other.put(fd, file)
            other.set_stays(fd, fd in self._stays)

    def start_program(self) -> None:
        """Take away the numbers that a program which is started does not get."""
        for fd in sorted(self._stays):
            self.close(fd)
