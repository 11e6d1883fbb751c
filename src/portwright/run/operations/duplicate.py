"""Give an open file a second number, the lowest that is free."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, fd: int) -> int:
    """A call that fixes F_DUPFD_CLOEXEC keeps the new number from programs that are started."""
    _, call = process.ledger.offers["duplicate"]
    return process.files.duplicate(fd, stays=call.fixes("F_DUPFD_CLOEXEC"))
