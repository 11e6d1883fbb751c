"""Set the flags of an open file's number: whether a program that is started loses it."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, fd: int, flags: frozenset[str] | None) -> int:
    """Bits without a name change nothing."""
    process.files.set_stays(fd, "FD_CLOEXEC" in (flags or ()))
    return 0
