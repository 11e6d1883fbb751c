"""Set the flags of an open file that all its numbers share: whether reading and writing wait."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, fd: int, flags: frozenset[str] | None) -> int:
    """How it was opened stays as it is, whatever is said of that; so does O_APPEND."""
    process.files.get(fd).nonblocking = "O_NONBLOCK" in (flags or ())
    return 0
