"""Sleep if a 32-bit word still holds `value`, until woken or a relative timeout has passed (null: never)."""

from __future__ import annotations

from collections.abc import Mapping

from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.waiting import Wait

SECOND = 10**9


def perform(process: Process, word: int, value: int, timeout: Mapping[str, int] | None) -> int | Failure:
    """In a hostile run it comes back now and then for no reason, as kernels may."""
    thread, futexes = process.thread, process.futexes
    if thread.waited:
        return Failure("ETIMEDOUT") if futexes.leave(word, thread) else 0
    duration = _duration(timeout) if timeout is not None else None
    if duration == -1:
        return Failure("EINVAL")
    if futexes.word(word) != value & 0xFFFF_FFFF:
        return Failure("EAGAIN")
    if process.interrupted():
        return Failure("EINTR")
    if process.hostility.wakes_for_nothing():
        return 0
    futexes.join(word, thread)
    raise Wait(f"the futex at {word:#x} (holds {value & 0xFFFF_FFFF:#x})", deadline=thread.deadline(duration))


def _duration(timeout: Mapping[str, int]) -> int:
    """In nanoseconds; -1 for one that is none."""
    seconds, nanoseconds = timeout.get("tv_sec", 0), timeout.get("tv_nsec", 0)
    return seconds * SECOND + nanoseconds if seconds >= 0 and 0 <= nanoseconds < SECOND else -1
