"""Open a file, or create it, by a path that starts at an open directory."""

from __future__ import annotations

from portwright.run.open_flags import host_flags
from portwright.run.process import Process


def perform(
    process: Process, directory: int, path: bytes, flags: frozenset[str] | None, mode: int | None
) -> int:
    """AT_FDCWD is the current directory; an absolute path starts at the root."""
    start = process.files.start(directory, path, process.ledger.constants.get("AT_FDCWD"))
    flags = flags or frozenset()
    fd = process.files.open(path, host_flags(flags), 0o666 if mode is None else mode, start)
    process.files.opened(fd, flags)
    return fd
