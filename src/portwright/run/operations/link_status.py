"""Describe what a path names, without following a symbolic link at its end."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, path: bytes, status: int) -> int:
    """The fields go where the ledger's `stat` has them."""
    process.put_status(status, process.files.status(path, follow=False))
    return 0
