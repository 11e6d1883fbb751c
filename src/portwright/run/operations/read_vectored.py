"""Read bytes at an open file's offset into several buffers, one after the other; 0 at the end."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.vectors import ranges, scatter


def perform(process: Process, fd: int, vectors: int, count: int) -> int | Failure:
    """One read of the file, for as much as all buffers hold; in a hostile run for less, which may end in any."""
    file = process.files.get(fd)
    buffers = ranges(process, vectors, count, Access.WRITE)
    if file.blocks and process.interrupted():
        return Failure("EINTR")
    data = file.read(process.portion(file, sum(length for _, length in buffers)))
    scatter(process, buffers, data)
    return len(data)
