"""Write bytes at an open file's offset, which moves on. It may take fewer than given."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failed
from portwright.run.files import MOST_AT_ONCE
from portwright.run.process import Process


def perform(process: Process, fd: int, buffer: int, length: int) -> int:
    """Every byte of the buffer must be the guest's, also those that are not taken."""
    file = process.files.get(fd)
    process.check_buffer(buffer, length, Access.READ)
    size = process.portion(file, min(length, MOST_AT_ONCE))
    try:
        count = file.write(process.engine.read(buffer, size) if size else b"")
    except (Failed, BrokenPipeError) as error:
        if isinstance(error, BrokenPipeError) or error.name == "EPIPE":
            process.broken_pipe()
        raise
    if file.leaves:
        process.count_output(count)
    return count
