"""Set the calling thread's thread pointer to an address."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, address: int) -> int | Failure:
    """An address beyond the guest's own is refused."""
    if address >= process.space.highest:
        return Failure("EPERM")
    process.engine.set({"thread-pointer": address})
    return 0
