"""Open a file, or create it."""

from __future__ import annotations

import os

from portwright.run.failure import Failure
from portwright.run.process import Process

ACCESS = {"O_RDONLY": os.O_RDONLY, "O_WRONLY": os.O_WRONLY, "O_RDWR": os.O_RDWR}
OTHERS = {
    "O_CREAT": os.O_CREAT,
    "O_EXCL": os.O_EXCL,
    "O_TRUNC": os.O_TRUNC,
    "O_APPEND": os.O_APPEND,
    "O_DIRECTORY": os.O_DIRECTORY,
    "O_NOFOLLOW": os.O_NOFOLLOW,
}


def perform(process: Process, path: bytes, flags: frozenset[str] | None, mode: int | None) -> int | Failure:
    """Flags that change nothing here (O_CLOEXEC, O_NONBLOCK, O_SYNC) are taken and ignored."""
    flags = flags or frozenset()
    access = [value for name, value in ACCESS.items() if name in flags]
    if len(access) > 1:
        return Failure("EINVAL")
    host = access[0] if access else os.O_RDONLY
    for name, value in OTHERS.items():
        if name in flags:
            host |= value
    return process.files.open(path, host, 0o666 if mode is None else mode)
