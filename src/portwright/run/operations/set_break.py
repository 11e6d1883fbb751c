"""Move the end of the data segment to an address; the result is the end that holds now."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, address: int) -> int | Failure:
    """Where it cannot be moved the result is the old end, not an error, in an OS whose call answers the end."""
    end = process.space.set_break(address)
    if process.ledger.memory.break_answers == "end":
        return end
    return 0 if end == address else Failure("ENOMEM")
