"""The guest's clocks, in nanoseconds, as the ledger says what each counts from and how finely.

`real` clocks follow the host's; `virtual` ones stand still but for a small step at each reading and for what
the guest waits, so that a run with a fixed seed gives the same times each time.
"""

from __future__ import annotations

import time
from typing import Literal

from portwright.describe.ledger import Clock, Ledger

VIRTUAL_UNIX_START = 1_000_000_000 * 10**9
VIRTUAL_STEP = 1_000
IMPATIENT = 4096
"""Readings with nothing between them after which each takes longer: who does nothing else waits for time to pass."""


class Clocks:
    """Reads the ledger's clocks; `booted` is how long before the program's start the OS began, in nanoseconds."""

    def __init__(self, ledger: Ledger, mode: Literal["real", "virtual"], booted: int) -> None:
        self.mode = mode
        self._by_id: dict[int, Clock] = {clock.id: clock for clock in ledger.clocks.values()}
        self._booted = booted
        self._start = time.monotonic_ns()
        self._virtual = 0
        self._readings = 0

    def read(self, clock_id: int) -> int | None:
        """Nanoseconds since the clock's epoch, in steps of its resolution; None where there is no such clock."""
        clock = self._by_id.get(clock_id)
        if clock is None:
            return None
        if self.mode == "virtual":
            self._readings += 1
            step = VIRTUAL_STEP * (1 + self._readings // IMPATIENT)
            self._virtual += max(step, clock.resolution)
            since = self._virtual
            value = since + (VIRTUAL_UNIX_START if clock.epoch == "unix" else self._booted)
        elif clock.epoch == "unix":
            value = time.time_ns()
        else:
            value = time.monotonic_ns() - self._start + self._booted
        return value - value % clock.resolution

    def now(self) -> int:
        """The machine's own clock, by which waits end: nanoseconds since the run began."""
        return self._virtual if self.mode == "virtual" else time.monotonic_ns() - self._start

    def pass_time(self, nanoseconds: int) -> None:
        """Let a virtual clock go on."""
        self._readings = 0
        self._virtual += nanoseconds

    def pass_to(self, deadline: int) -> None:
        """Let a virtual clock jump to a time, if that is still to come."""
        self._readings = 0
        self._virtual = max(self._virtual, deadline)
