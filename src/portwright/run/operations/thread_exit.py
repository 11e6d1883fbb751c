"""End the calling thread; the process ends with its last one."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, status: int) -> int:
    """Who waits for its end is woken."""
    process.kernel.end_thread(process.thread, status)
    return 0
