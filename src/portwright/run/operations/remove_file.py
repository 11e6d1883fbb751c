"""Take a name of a file away."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, path: bytes) -> int:
    """A symbolic link itself is removed; a directory is EISDIR."""
    process.files.remove_file(path)
    return 0
