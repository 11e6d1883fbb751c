"""End the process with a status."""

from __future__ import annotations

from portwright.run.events import Exited
from portwright.run.process import Process


def perform(process: Process, status: int) -> int:
    """The low eight bits are what a shell sees."""
    process.end = Exited(status & 0xFF)
    return 0
