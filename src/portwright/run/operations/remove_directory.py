"""Remove an empty directory."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, path: bytes) -> int:
    """Shares and what holds them stay (EBUSY)."""
    process.files.remove_directory(path)
    return 0
