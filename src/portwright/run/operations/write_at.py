"""Write bytes at a place in an open file, whose own offset stays; it may take fewer than given."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.files import MOST_AT_ONCE
from portwright.run.process import Process


def perform(process: Process, fd: int, buffer: int, length: int, offset: int) -> int | Failure:
    """Every byte of the buffer must be the guest's, also those that are not taken."""
    file = process.files.get(fd)
    if offset < 0:
        return Failure("EINVAL")
    process.check_buffer(buffer, length, Access.READ)
    size = process.hostility.shorten(min(length, MOST_AT_ONCE))
    count = file.write_at(process.engine.read(buffer, size) if size else b"", offset)
    process.count_output(count)
    return count
