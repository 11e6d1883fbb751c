"""Open a directory for reading its entries."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, path: bytes) -> int:
    """Its number is one of the open files'."""
    return process.files.open_directory(path)
