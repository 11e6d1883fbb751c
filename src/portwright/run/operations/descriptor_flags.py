"""The flags of an open file's number: whether a program that is started loses it."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, fd: int) -> int:
    """In the ledger's own bits."""
    return process.ledger.constants.get("FD_CLOEXEC", 1) if process.files.stays(fd) else 0
