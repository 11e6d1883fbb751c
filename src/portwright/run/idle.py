"""Waits for the host: descriptors that threads of the guest wait for, or just for time to pass."""

from __future__ import annotations

import select
import time
from collections.abc import Sequence

from portwright.run.waiting import Wait


def ready_waits(waits: Sequence[Wait], seconds: float | None) -> list[Wait]:
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
