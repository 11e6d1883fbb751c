"""Close a directory that `open_directory` opened."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, fd: int) -> int:
    """A file that is no directory is ENOTDIR."""
    process.files.directory(fd)
    process.files.close(fd)
    return 0
