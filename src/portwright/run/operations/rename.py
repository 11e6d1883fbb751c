"""Give a file or directory another name, replacing what has that name."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, path: bytes, target: bytes) -> int:
    """Not between a share and the rest (EXDEV), as between two file systems."""
    process.files.rename(path, target)
    return 0
