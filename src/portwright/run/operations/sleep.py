"""Wait for a duration; the rest of an interrupted wait goes to `remaining` (address 0: nowhere)."""

from __future__ import annotations

from collections.abc import Mapping

from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.waiting import Wait

SECOND = 10**9


def perform(process: Process, duration: Mapping[str, int], remaining: int) -> int | Failure:
    """Interrupted now and then in a hostile run, where the caller can learn what is left."""
    seconds, nanoseconds = duration.get("tv_sec", 0), duration.get("tv_nsec", 0)
    if seconds < 0 or not 0 <= nanoseconds < SECOND:
        return Failure("EINVAL")
    thread, total = process.thread, seconds * SECOND + nanoseconds
    if not thread.waited:
        left = total - total // 2 if remaining and total > 1 and process.interrupted() else 0
        what = f"the end of its sleep ({total / SECOND:g} s)"
        raise Wait(what, deadline=thread.deadline(total - left), memo=left)
    left = thread.wait.memo if thread.wait is not None else 0
    if left:
        process.put_struct("timespec", remaining, {"tv_sec": left // SECOND, "tv_nsec": left % SECOND})
        return Failure("EINTR")
    return 0
