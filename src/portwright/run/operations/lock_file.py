"""Lock an open file, or unlock it; the lock is the open file's, shared by what it is duplicated to."""

from __future__ import annotations

import fcntl

from portwright.run.failure import Failure
from portwright.run.files import OpenFile
from portwright.run.process import Process
from portwright.run.waiting import Wait

OPERATIONS = {"LOCK_SH": fcntl.LOCK_SH, "LOCK_EX": fcntl.LOCK_EX, "LOCK_UN": fcntl.LOCK_UN}


def perform(process: Process, fd: int, operation: frozenset[str] | None) -> int | Failure:
    """The lock is the host's own, so that it also holds against what else has the file open there."""
    flags = operation or frozenset()
    wanted = [value for name, value in OPERATIONS.items() if name in flags]
    if len(wanted) != 1:
        return Failure("EINVAL")
    file = process.files.get(fd)
    if _taken(file, wanted[0]):
        return 0
    if "LOCK_NB" in flags:
        return Failure("EWOULDBLOCK")
    if process.interrupted():
        return Failure("EINTR")
    raise Wait(f"a lock on the open file {fd}", ready=lambda: _taken(file, wanted[0]))


def _taken(file: OpenFile, operation: int) -> bool:
    """Take the lock if it is free. Taking one that is held already changes nothing."""
    try:
        file.lock(operation)
    except BlockingIOError:
        return False
    return True
