"""Close an open file."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, fd: int) -> int:
    """A number that is not open is EBADF."""
    process.files.close(fd)
    return 0
