"""Let other threads run."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process) -> int:
    """Where no other can run, time passes."""
    process.kernel.give_way(process.thread)
    return 0
