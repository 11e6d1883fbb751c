"""The threads whose waits end by themselves: when the host has something for them, time has come, or a state is so."""

from __future__ import annotations

import select
import time
from collections.abc import Sequence

from portwright.run.thread import Thread
from portwright.run.waiting import Wait


class Sleepers:
    """The sleeping threads that somebody has to look at; those that only another thread wakes are not here."""

    def __init__(self) -> None:
        self._waits: dict[Thread, Wait] = {}

    def __bool__(self) -> bool:
        return bool(self._waits)

    def add(self, thread: Thread, wait: Wait) -> None:
        """A thread begins a wait that ends by itself."""
        self._waits[thread] = wait

    def remove(self, thread: Thread) -> None:
        """A thread sleeps no more, if it did."""
        self._waits.pop(thread, None)

    def over(self, now: int) -> list[Thread]:
        """The threads whose waits are over; notes of each whether it is only because its deadline has come."""
        if not self._waits:
            return []
        found: list[Thread] = []
        watched: list[Thread] = []
        for thread, wait in self._waits.items():
            if wait.ready is not None and wait.ready():
                found.append(thread)
            elif wait.deadline is not None and wait.deadline <= now:
                thread.expired = True
                found.append(thread)
            elif wait.host_fd is not None:
                watched.append(thread)
        if watched:
            ready = _ready([self._waits[thread] for thread in watched], 0.0)
            found += [thread for thread in watched if self._waits[thread] in ready]
        return found

    @property
    def deadline(self) -> int | None:
        """The first of all deadlines."""
        return min(
            (wait.deadline for wait in self._waits.values() if wait.deadline is not None), default=None
        )

    @property
    def await_host(self) -> bool:
        """Whether some thread waits for the host, and not for the guest alone."""
        return any(wait.host_fd is not None for wait in self._waits.values())

    def pause(self, seconds: float | None) -> None:
        """Let real time pass, until the host has something for somebody, but no longer than that (None: no end)."""
        _ready([wait for wait in self._waits.values() if wait.host_fd is not None], seconds)


def _ready(waits: Sequence[Wait], seconds: float | None) -> list[Wait]:
    """Those of the waits whose descriptor of the host can be used now; waits up to `seconds` for the first one
    (None: for as long as it takes)."""
    events: dict[int, int] = {}
    for wait in waits:
        if wait.host_fd is not None:
            event = select.POLLOUT if wait.for_writing else select.POLLIN
            events[wait.host_fd] = events.get(wait.host_fd, 0) | event
    if not events:
        time.sleep(seconds or 0.0)
        return []
    poll = select.poll()
    for number, event in events.items():
        poll.register(number, event)
    found = dict(poll.poll(None if seconds is None else 1000 * seconds))
    return [wait for wait in waits if wait.host_fd in found and _concerns(found[wait.host_fd], wait)]


def _concerns(event: int, wait: Wait) -> bool:
    """Whether it is this wait's side that is ready; an error or an end is everybody's."""
    wanted, other = select.POLLIN, select.POLLOUT
    if wait.for_writing:
        wanted, other = other, wanted
    return bool(event & wanted or event & ~other)
