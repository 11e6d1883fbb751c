"""Fill a buffer with unpredictable bytes; the result counts them."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.process import Process

MOST_AT_ONCE = 1 << 20


def perform(process: Process, buffer: int, length: int, flags: frozenset[str] | None) -> int:
    """They follow from the run's seed; `flags` (may it wait?) change nothing, for it never waits."""
    process.check_buffer(buffer, length, Access.WRITE)
    data = process.hostility.random_bytes(process.hostility.shorten(min(length, MOST_AT_ONCE)))
    if data:
        process.engine.write(buffer, data)
    return len(data)
