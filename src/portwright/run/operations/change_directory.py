"""Make a directory the current one."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, path: bytes) -> int:
    """Paths that do not begin with `/` start there from now on."""
    process.files.change_directory(path)
    return 0
