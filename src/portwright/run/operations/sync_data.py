"""Bring an open file's bytes, and what is needed to read them, to where they survive a loss of power."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, fd: int) -> int:
    """The host does it; what has no such place (a pipe, a device) is EINVAL."""
    process.files.get(fd).sync(data_only=True)
    return 0
