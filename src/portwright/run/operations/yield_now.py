"""Let other threads run."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process) -> int:
    """There are no others yet."""
    return 0
