"""How an operation says that it failed: by a POSIX error name, which the ledger later turns into a number."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from portwright.describe.ledger import Ledger
from portwright.run.events import Died, Exited


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call; `name` is the POSIX error name."""

    name: str


class Failed(Exception):
    """Raised below an operation, where answering a `Failure` through several functions would hide the work."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class EndRun(Exception):
    """Raised inside an operation to end the guest's run here and now (a limit that passed while it blocked)."""

    def __init__(self, end: Exited | Died) -> None:
        super().__init__("the run ends")
        self.end = end


# What stands in where an OS has no number for an error, the nearest first. One way only, and followed on:
# EMFILE -> ENFILE -> EAGAIN.
SUBSTITUTES: dict[str, tuple[str, ...]] = {
    "E2BIG": ("EINVAL",),
    "EACCES": ("EPERM",),
    "EAGAIN": ("EWOULDBLOCK", "EBUSY"),
    "EBADF": ("EINVAL",),
    "EBUSY": ("EAGAIN", "EACCES"),
    "EDQUOT": ("ENOSPC",),
    "EEXIST": ("EINVAL",),
    "EFAULT": ("EINVAL",),
    "EFBIG": ("ENOSPC", "EINVAL"),
    "EINTR": ("EAGAIN",),
    "EISDIR": ("EACCES", "EINVAL"),
    "ELOOP": ("EINVAL",),
    "EMFILE": ("ENFILE", "EAGAIN"),
    "EMLINK": ("EINVAL",),
    "ENAMETOOLONG": ("EINVAL",),
    "ENFILE": ("ENOMEM",),
    "ENODEV": ("ENXIO", "EINVAL"),
    "ENOENT": ("EINVAL",),
    "ENOMEM": ("EAGAIN",),
    "ENOSPC": ("EIO",),
    "ENOSYS": ("EOPNOTSUPP", "EINVAL"),
    "ENOTDIR": ("EINVAL", "ENOENT"),
    "ENOTEMPTY": ("EEXIST", "EBUSY"),
    "ENOTSUP": ("EOPNOTSUPP", "ENOSYS"),
    "ENOTTY": ("EINVAL",),
    "ENXIO": ("ENODEV", "EIO"),
    "EOPNOTSUPP": ("ENOTSUP", "ENOSYS"),
    "EOVERFLOW": ("EINVAL",),
    "EPERM": ("EACCES",),
    "EPIPE": ("EIO",),
    "ERANGE": ("EINVAL",),
    "EROFS": ("EACCES", "EPERM"),
    "ESPIPE": ("EINVAL",),
    "ETXTBSY": ("EBUSY", "EACCES"),
    "EWOULDBLOCK": ("EAGAIN",),
    "EXDEV": ("EINVAL",),
}
LAST_RESORTS = ("EIO", "EINVAL", "ENOSYS")


def of_os_error(error: OSError) -> Failure:
    """The failure that a host's error becomes for the guest."""
    return Failure(errno.errorcode.get(error.errno or 0, "EIO"))


def nearest(ledger: Ledger, name: str) -> tuple[str, int]:
    """The ledger's error nearest to a POSIX one, and its number (the same error wherever the OS has it).

    What the OS answers when it is busy stands in for nothing else: a program would ask again for ever.
    """
    busy = ledger.abi.busy if ledger.abi.busy != name else None
    waiting, seen = [name], set[str]()
    while waiting:
        candidate = waiting.pop(0)
        if candidate in seen:
            continue
        seen.add(candidate)
        number = ledger.error_number(candidate)
        if number is not None and candidate != busy:
            return candidate, number
        waiting += SUBSTITUTES.get(candidate, ())
        if not waiting:
            waiting = [last for last in LAST_RESORTS if last not in seen]
    known = [(n, ledger.error_number(n)) for n in ledger.errors if n != busy]
    numbered = [(n, number) for n, number in known if number is not None]
    return min(numbered, key=lambda row: row[1]) if numbered else (name, 1)
