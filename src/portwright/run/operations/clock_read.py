"""Read a clock into a timespec."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, clock: int, time: int) -> int | Failure:
    """A clock that the ledger does not have is EINVAL."""
    now = process.clocks.read(clock)
    if now is None:
        return Failure("EINVAL")
    process.put_struct("timespec", time, {"tv_sec": now // 10**9, "tv_nsec": now % 10**9})
    return 0
