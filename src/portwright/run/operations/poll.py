"""Wait until one of several open files can be read or written; the result counts those that can."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_

from portwright.run.failure import Failed, Failure
from portwright.run.files import OpenFile, PassedThrough
from portwright.run.process import Process
from portwright.run.waiting import Wait

SECOND = 10**9
MOST = 1024


def perform(process: Process, fds: int, count: int, timeout: Mapping[str, int] | None) -> int | Failure:
    """An entry with a negative number is left alone; one that stands for nothing is ready at once (POLLNVAL)."""
    if count > MOST:
        return Failure("EINVAL")
    layout, thread = process.layout("pollfd"), process.thread
    entries = [layout.unpack(process.space.read(fds + i * layout.size, layout.size)) for i in range(count)]
    if timeout is not None and not (timeout["tv_sec"] >= 0 and 0 <= timeout["tv_nsec"] < SECOND):
        return Failure("EINVAL")
    ready = [_events(process, entry) for entry in entries]
    found = sum(events != 0 for events in ready)
    nanoseconds = None if timeout is None else timeout["tv_sec"] * SECOND + timeout["tv_nsec"]
    if not found and nanoseconds != 0 and not thread.expired:
        if not thread.waited and process.interrupted():
            return Failure("EINTR")
        what = "one of the descriptors " + ", ".join(str(entry["fd"]) for entry in entries)
        outside = [file for entry in entries if isinstance(file := _file(process, entry), PassedThrough)]
        raise Wait(
            what if entries else "the end of a time",
            ready=lambda: any(_events(process, entry) for entry in entries),
            deadline=thread.deadline(nanoseconds),
            host_fd=outside[0].fd if outside else None,
        )
    for index, (entry, events) in enumerate(zip(entries, ready, strict=True)):
        process.space.write(fds + index * layout.size, layout.pack({**entry, "revents": events}))
    return found


def _file(process: Process, entry: Mapping[str, int]) -> OpenFile | None:
    try:
        return process.files.get(entry["fd"])
    except Failed:
        return None


def _events(process: Process, entry: Mapping[str, int]) -> int:
    """What can be done with an entry's file, of that which is asked for or always told."""
    constants = process.ledger.constants
    if entry["fd"] < 0:
        return 0
    file = _file(process, entry)
    if file is None:
        return constants.get("POLLNVAL", 0)
    asked = {"POLLIN": file.can_read, "POLLOUT": file.can_write}
    told = {"POLLHUP": file.hung_up, "POLLERR": file.failed}
    bits = [
        bit for name, test in asked.items() if (bit := constants.get(name, 0) & entry["events"]) and test()
    ]
    bits += [constants.get(name, 0) for name, test in told.items() if test()]
    return reduce(or_, bits, 0)
