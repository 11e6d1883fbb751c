"""What the flags with which a file is opened mean to the host."""

from __future__ import annotations

import os

from portwright.run.failure import Failed

ACCESS = {"O_RDONLY": os.O_RDONLY, "O_WRONLY": os.O_WRONLY, "O_RDWR": os.O_RDWR}
OTHERS = {
    "O_CREAT": os.O_CREAT,
    "O_EXCL": os.O_EXCL,
    "O_TRUNC": os.O_TRUNC,
    "O_APPEND": os.O_APPEND,
    "O_DIRECTORY": os.O_DIRECTORY,
    "O_NOFOLLOW": os.O_NOFOLLOW,
}


def host_flags(flags: frozenset[str]) -> int:
    """`os.O_*` for the flags' names; those that change nothing there (O_CLOEXEC, O_NONBLOCK, O_SYNC) are left out.

    Raises `Failed` (EINVAL) for more than one kind of access.
    """
    access = [value for name, value in ACCESS.items() if name in flags]
    if len(access) > 1:
        raise Failed("EINVAL")
    host = access[0] if access else os.O_RDONLY
    for name, value in OTHERS.items():
        if name in flags:
            host |= value
    return host
