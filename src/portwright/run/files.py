"""What a guest's file descriptor stands for: host files, the three standard streams, devices, directories.

Each kind answers the same few questions; what it cannot do raises `Failed` with the POSIX error.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import stat
import termios
from collections.abc import Callable
from typing import Literal

from portwright.run.events import Wrote
from portwright.run.failure import EndRun, Failed
from portwright.run.limits import Watch
from portwright.run.root import Folder
from portwright.run.waiting import Wait

MOST_AT_ONCE = 16 << 20
# A guest makes no program that runs with its owner's rights on the host: those two bits are not set there.
MODE_BITS = 0o7777 & ~(stat.S_ISUID | stat.S_ISGID)
DEVICE_MODE = stat.S_IFCHR | 0o666
PIPE_MODE = stat.S_IFIFO | 0o600
Status = dict[str, int]


def status_of(found: os.stat_result) -> Status:
    """A host's stat as the canonical fields of `stat`."""
    return {
        "st_dev": found.st_dev,
        "st_ino": found.st_ino,
        "st_nlink": found.st_nlink,
        "st_mode": found.st_mode,
        "st_uid": found.st_uid,
        "st_gid": found.st_gid,
        "st_rdev": found.st_rdev,
        "st_size": found.st_size,
        "st_blksize": found.st_blksize,
        "st_blocks": found.st_blocks,
        **_times(found),
    }


def _times(found: os.stat_result) -> Status:
    times = {"st_atime": found.st_atime_ns, "st_mtime": found.st_mtime_ns, "st_ctime": found.st_ctime_ns}
    return {name: value // 10**9 for name, value in times.items()} | {
        f"{name}_nsec": value % 10**9 for name, value in times.items()
    }


def made_up_status(mode: int) -> Status:
    """The status of a file that no host has."""
    return {"st_ino": 1, "st_nlink": 1, "st_mode": mode, "st_blksize": 4096}


class OpenFile:
    """An open file. `blocks`: reading may wait for somebody, and so may be interrupted.

    `nonblocking` (O_NONBLOCK): what would wait fails with EAGAIN instead. `can_read` and the three below it are
    what `poll` asks; who sleeps on an open file asks them again and again, so they must cost little.
    """

    blocks = False
    nonblocking = False
    leaves = True  # what is written leaves the machine
    borders = False  # what one call reads or writes belongs together: datagrams
    holders = 0  # how many numbers, in all processes, stand for it
    flags: frozenset[str] = frozenset()  # how it was opened (O_RDONLY, O_APPEND, ...)

    def read(self, length: int) -> bytes:
        """At most `length` bytes; none at the end."""
        raise Failed("EBADF")

    def write(self, data: bytes) -> int:
        """Take some of the bytes; answers how many."""
        raise Failed("EBADF")

    def seek(self, offset: int, whence: int) -> int:
        """Move the offset (`whence` as in `os.SEEK_*`); answers the new one."""
        raise Failed("ESPIPE")

    def status(self) -> Status:
        """The canonical fields of `stat`."""
        raise Failed("EBADF")

    def set_length(self, length: int) -> None:
        """Cut or extend it."""
        raise Failed("EINVAL")

    def contents(self, offset: int, length: int) -> bytes:
        """Bytes at a place, for mapping them; the offset stays."""
        raise Failed("ENODEV")

    def read_at(self, length: int, offset: int) -> bytes:
        """At most `length` bytes at a place; the offset stays."""
        raise Failed("ESPIPE")

    def write_at(self, data: bytes, offset: int) -> int:
        """Take some of the bytes at a place; answers how many. The offset stays."""
        raise Failed("ESPIPE")

    def change_mode(self, mode: int) -> None:
        """Set its permissions."""
        raise Failed("EPERM")

    def set_times(self, moments: Callable[[Callable[[], os.stat_result]], tuple[int, int]]) -> None:
        """Set when it was read and changed: what `moments` says, given a way to ask what it says now."""
        raise Failed("EPERM")

    def sync(self, *, data_only: bool) -> None:
        """Bring it to where it survives a loss of power."""
        raise Failed("EINVAL")

    def lock(self, operation: int) -> None:
        """Lock or unlock it (`fcntl.LOCK_*`) without waiting; raises `OSError` (EAGAIN) where another holds it."""
        raise Failed("EINVAL")

    def terminal(self) -> Status:
        """The fields of `termios`; raises `Failed` (ENOTTY) where it is no terminal."""
        raise Failed("ENOTTY")

    def can_read(self) -> bool:
        """Whether reading would answer at once, if only with the end or an error."""
        return True

    def can_write(self) -> bool:
        """Whether writing would answer at once, if only with an error."""
        return True

    def hung_up(self) -> bool:
        """Whether nothing more will ever come, nor go (POLLHUP)."""
        return False

    def failed(self) -> bool:
        """Whether an error waits to be told (POLLERR)."""
        return False

    def close(self) -> None:
        """Give back what the host holds for it."""


class Held(OpenFile):
    """A file or directory of the host: what can be done to both. `readonly`: it lies where nothing is changed."""

    fd: int
    readonly = False

    def status(self) -> Status:
        return status_of(os.fstat(self.fd))

    def change_mode(self, mode: int) -> None:
        self._check_change()
        os.fchmod(self.fd, mode & MODE_BITS)

    def set_times(self, moments: Callable[[Callable[[], os.stat_result]], tuple[int, int]]) -> None:
        self._check_change()
        os.utime(self.fd, ns=moments(lambda: os.fstat(self.fd)))

    def sync(self, *, data_only: bool) -> None:
        (os.fdatasync if data_only else os.fsync)(self.fd)

    def lock(self, operation: int) -> None:
        fcntl.flock(self.fd, operation | fcntl.LOCK_NB)

    def close(self) -> None:
        os.close(self.fd)

    def _check_change(self) -> None:
        if self.readonly:
            raise Failed("EROFS")


class HostFile(Held):
    """A regular file of the host, or a pipe in a share, for which a thread waits."""

    def __init__(self, fd: int, *, readable: bool, writable: bool, readonly: bool = False) -> None:
        self.fd = fd
        self.readonly = readonly
        self.readable = readable
        self.writable = writable
        self.blocks = stat.S_ISFIFO(os.fstat(fd).st_mode)

    def read(self, length: int) -> bytes:
        if not self.readable:
            raise Failed("EBADF")
        if self.blocks and not _is_ready(self.fd, select.POLLIN):
            raise Wait("a pipe of the host that is empty", host_fd=self.fd)
        return os.read(self.fd, min(length, MOST_AT_ONCE))

    def write(self, data: bytes) -> int:
        if not self.writable:
            raise Failed("EBADF")
        if not self.blocks:
            return os.write(self.fd, data)
        if not _is_ready(self.fd, select.POLLOUT):
            raise Wait("a pipe of the host that is full", host_fd=self.fd, for_writing=True)
        return os.write(
            self.fd, data[: select.PIPE_BUF]
        )  # as much as a pipe that is ready takes without waiting

    def seek(self, offset: int, whence: int) -> int:
        return os.lseek(self.fd, offset, whence)

    def set_length(self, length: int) -> None:
        if not self.writable:
            raise Failed("EINVAL")
        os.ftruncate(self.fd, length)

    def contents(self, offset: int, length: int) -> bytes:
        if not self.readable:
            raise Failed("EACCES")
        return os.pread(self.fd, length, offset)

    def read_at(self, length: int, offset: int) -> bytes:
        if not self.readable:
            raise Failed("EBADF")
        return os.pread(self.fd, min(length, MOST_AT_ONCE), offset)

    def write_at(self, data: bytes, offset: int) -> int:
        if not self.writable:
            raise Failed("EBADF")
        return os.pwrite(self.fd, data, offset)


def _is_ready(fd: int, event: int) -> bool:
    """Whether a stream can be read or written at once, if only to hear that it cannot."""
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(0))


def _wait(fd: int, event: int, watch: Watch | None) -> None:
    """Wait until a stream is ready; raises `EndRun` when the guest's time is up before."""
    if watch is None or watch.limits.seconds is None:
        return
    poll = select.poll()
    poll.register(fd, event)
    while not poll.poll(min(1000.0, (watch.remaining or 0.0) * 1000)):
        end = watch.expired()
        if end is not None:
            raise EndRun(end)


class PassedThrough(OpenFile):
    """One of portwright's own standard streams, given to the guest as it is; it is never closed for good."""

    blocks = True

    def __init__(self, fd: int, watch: Watch) -> None:
        self.fd = fd
        self._watch = watch

    def read(self, length: int) -> bytes:
        if _is_ready(self.fd, select.POLLIN):
            with contextlib.suppress(BlockingIOError):  # another reader of the same stream was quicker
                return os.read(self.fd, min(length, MOST_AT_ONCE))
        raise Wait(f"input from outside (descriptor {self.fd})", host_fd=self.fd)

    def write(self, data: bytes) -> int:
        while True:
            _wait(self.fd, select.POLLOUT, self._watch)
            try:
                return os.write(self.fd, data)
            except BlockingIOError:
                select.select([], [self.fd], [], 0.05)

    def seek(self, offset: int, whence: int) -> int:
        return os.lseek(self.fd, offset, whence)

    def terminal(self) -> Status:
        try:
            found = termios.tcgetattr(self.fd)
        except termios.error:
            raise Failed("ENOTTY") from None
        return dict(zip(("c_iflag", "c_oflag", "c_cflag", "c_lflag"), found[:4], strict=True))

    def status(self) -> Status:
        return status_of(os.fstat(self.fd))

    def can_read(self) -> bool:
        return _is_ready(self.fd, select.POLLIN)


class CapturedInput(OpenFile):
    """Standard input that was given as bytes: a pipe into which all has been written."""

    blocks = True

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    def read(self, length: int) -> bytes:
        chunk = self._data[self._offset : self._offset + min(length, MOST_AT_ONCE)]
        self._offset += len(chunk)
        return chunk

    def hung_up(self) -> bool:
        return True

    def status(self) -> Status:
        return made_up_status(PIPE_MODE)


class CapturedOutput(OpenFile):
    """A standard stream whose bytes become events."""

    def __init__(self, stream: Literal["stdout", "stderr"], emit: Callable[[Wrote], None]) -> None:
        self._stream: Literal["stdout", "stderr"] = stream
        self._emit = emit

    def write(self, data: bytes) -> int:
        if data:
            self._emit(Wrote(self._stream, data))
        return len(data)

    def status(self) -> Status:
        return made_up_status(PIPE_MODE)


class Null(OpenFile):
    """/dev/null: nothing to read, and it takes everything."""

    def read(self, length: int) -> bytes:
        return b""

    def write(self, data: bytes) -> int:
        return len(data)

    def read_at(self, length: int, offset: int) -> bytes:
        return self.read(length)

    def write_at(self, data: bytes, offset: int) -> int:
        return len(data)

    def seek(self, offset: int, whence: int) -> int:
        return 0

    def status(self) -> Status:
        return made_up_status(DEVICE_MODE)


class Zero(Null):
    """/dev/zero: zeros without end."""

    def read(self, length: int) -> bytes:
        return bytes(min(length, MOST_AT_ONCE))


DEVICES: dict[str, type[OpenFile]] = {"null": Null, "zero": Zero}


class Directory(Held):
    """An open directory: its entries as they were when reading began, as (name, inode, type in `S_IF*`)."""

    def __init__(self, fd: int, folder: Folder, list_entries: Callable[[int], list[tuple[bytes, int, int]]]):
        self.fd = fd
        self.folder = folder
        self.readonly = folder.readonly
        self._list = list_entries
        self._entries: list[tuple[bytes, int, int]] | None = None
        self.position = 0

    @property
    def entries(self) -> list[tuple[bytes, int, int]]:
        """All entries, `.` and `..` with them, in the order in which the guest gets them."""
        if self._entries is None:
            self._entries = self._list(self.fd)
        return self._entries

    def read(self, length: int) -> bytes:
        raise Failed("EISDIR")

    def seek(self, offset: int, whence: int) -> int:
        if (offset, whence) != (0, os.SEEK_SET):
            raise Failed("EINVAL")
        self._entries, self.position = None, 0
        return 0

    def read_at(self, length: int, offset: int) -> bytes:
        raise Failed("EISDIR")
