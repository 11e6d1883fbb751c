"""Keeps a tracer and its guest on one processor while they take turns quickly; lets them roam otherwise.

Two processes that wait for each other all the time pay for every wake-up of another processor: five times as
much as for a switch on the same one (measured). A guest that computes for long is not tied to anything.
"""

from __future__ import annotations

import contextlib
import os
import time
from types import TracebackType

FIRST_LOOK = 32
BETWEEN_LOOKS = 512
QUICK = 200e-6  # seconds between two traps, on average, that count as taking turns quickly


class Pacing:
    """Counts traps of one run; ties and unties the two processes; puts back what it found."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._allowed: set[int] = set()
        self._tied = False
        self._count = self._window = FIRST_LOOK
        self._since = 0.0

    def __enter__(self) -> Pacing:
        with contextlib.suppress(OSError):
            self._allowed = os.sched_getaffinity(0)
        self._since = time.perf_counter()
        return self

    def trapped(self) -> None:
        """Count one trap."""
        self._count -= 1
        if not self._count:
            self._look()

    def _look(self) -> None:
        now = time.perf_counter()
        quick = now - self._since < self._window * QUICK
        self._since = now
        self._count = self._window = BETWEEN_LOOKS
        if self._tied:
            self._roam()  # every time, if only to let the scheduler choose the processor anew
        if quick and len(self._allowed) > 1:
            self._tie()

    def _tie(self) -> None:
        here = _current_processor()
        if here in self._allowed:
            with contextlib.suppress(OSError):
                os.sched_setaffinity(self._pid, {here})
                os.sched_setaffinity(0, {here})
                self._tied = True

    def _roam(self) -> None:
        self._tied = False
        for pid in (0, self._pid):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(pid, self._allowed)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tied:
            self._roam()


def _current_processor() -> int:
    import ctypes

    try:
        return int(ctypes.CDLL(None).sched_getcpu())
    except AttributeError:
        return -1
