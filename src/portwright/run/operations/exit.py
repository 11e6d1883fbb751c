"""End the process with a status."""

from __future__ import annotations

from portwright.run.events import Exited
from portwright.run.process import Process


def perform(process: Process, status: int) -> int:
    """All its threads end with it. The low eight bits are what a shell sees."""
    process.finish(Exited(status & 0xFF))
    return 0
