"""The calling thread's number."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process) -> int:
    """A process's first thread has the process's number."""
    return process.thread.id
