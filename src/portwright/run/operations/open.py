"""Open a file, or create it."""

from __future__ import annotations

from portwright.run.open_flags import host_flags
from portwright.run.process import Process


def perform(process: Process, path: bytes, flags: frozenset[str] | None, mode: int | None) -> int:
    """What a call does not pass is read-only, and what is made new is for everybody to read and write."""
    flags = flags or frozenset()
    fd = process.files.open(path, host_flags(flags), 0o666 if mode is None else mode)
    process.files.opened(fd, flags)
    return fd
