"""Move the end of the data segment to an address; the result is the end that holds now."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, address: int) -> int:
    """Where it cannot be moved the result is the old end, not an error."""
    return process.space.set_break(address)
