"""Changing what a file's status says inside a guest's root: permissions and times."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping

from portwright.describe.ledger import Ledger
from portwright.run.failure import Failed
from portwright.run.file_table import RETRIES, FileTable
from portwright.run.files import MODE_BITS
from portwright.run.root import Place

SECOND = 10**9


def change_mode(files: FileTable, path: bytes, mode: int) -> None:
    """Set the permissions of what a path names, following links."""
    for _ in range(RETRIES):
        place = _changeable(files, path, follow=True)
        fd = os.open(place.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place.folder.fd)
        try:
            if not stat.S_ISLNK(os.fstat(fd).st_mode):
                os.chmod(f"/proc/self/fd/{fd}", mode & MODE_BITS)  # noqa: PTH101 - a number, and no path to keep
                return
        finally:
            os.close(fd)
        # A link took the place of what was there a moment ago: look again.
    raise Failed("ELOOP")


def set_times(
    files: FileTable, ledger: Ledger, path: bytes, times: Mapping[str, int], *, follow: bool
) -> None:
    """Set the times of what a path names. The host follows no link here: what is one by now has its own times."""
    place = _changeable(files, path, follow=follow)
    name, folder = place.name, place.folder.fd

    def status() -> os.stat_result:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)

    os.utime(name, ns=moments(ledger, times, status), dir_fd=folder, follow_symlinks=False)


def _changeable(files: FileTable, path: bytes, *, follow: bool) -> Place:
    """Where a path leads; raises `Failed` where there is nothing that a guest may change."""
    place = files.root.find(files.current, path, follow=follow)
    if place.device:
        raise Failed("EPERM")
    if place.names in files.root.shares:
        place = Place(files.root.enter(place), b".", directory=True)
    files.changeable(place)
    found = os.stat(place.name, dir_fd=place.folder.fd, follow_symlinks=False)
    if place.directory and not stat.S_ISDIR(found.st_mode):
        raise Failed("ENOTDIR")
    return place


def moments(
    ledger: Ledger, times: Mapping[str, int], status: Callable[[], os.stat_result]
) -> tuple[int, int]:
    """When a file was read and when it was changed, in nanoseconds; one that is to stay is what its status says."""
    stays, present = ledger.constants.get("UTIME_OMIT"), ledger.constants.get("UTIME_NOW")
    found = []
    for name, kept in (("atime", "st_atime_ns"), ("mtime", "st_mtime_ns")):
        seconds, nanoseconds = times.get(f"{name}_sec", 0), times.get(f"{name}_nsec", 0)
        if nanoseconds == stays:
            found.append(int(getattr(status(), kept)))
        elif nanoseconds == present:
            found.append(time.time_ns())
        elif 0 <= nanoseconds < SECOND:
            found.append(seconds * SECOND + nanoseconds)
        else:
            raise Failed("EINVAL")
    return found[0], found[1]
