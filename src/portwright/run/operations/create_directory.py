"""Make a directory."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, path: bytes, mode: int | None) -> int:
    """Its parent must be there."""
    process.files.create_directory(path, 0o777 if mode is None else mode)
    return 0
