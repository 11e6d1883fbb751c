"""Read bytes at a place in an open file, whose own offset stays; 0 at the end."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, fd: int, buffer: int, length: int, offset: int) -> int | Failure:
    """What lies behind the bytes that came stays as it was."""
    file = process.files.get(fd)
    if offset < 0:
        return Failure("EINVAL")
    process.check_buffer(buffer, length, Access.WRITE)
    data = file.read_at(process.hostility.shorten(length), offset)
    if data:
        process.engine.write(buffer, data)
    return len(data)
