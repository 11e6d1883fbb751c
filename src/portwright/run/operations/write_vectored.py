"""Write the bytes of several buffers, one after the other, at an open file's offset."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failed
from portwright.run.files import MOST_AT_ONCE
from portwright.run.process import Process
from portwright.run.vectors import gather, ranges


def perform(process: Process, fd: int, vectors: int, count: int) -> int:
    """One write to the file, of all that the buffers hold; in a hostile run of less, which may end in any."""
    file = process.files.get(fd)
    buffers = ranges(process, vectors, count, Access.READ)
    whole = sum(length for _, length in buffers)
    size = process.portion(file, min(whole, MOST_AT_ONCE))
    try:
        taken = file.write(gather(process, buffers, size))
    except (Failed, BrokenPipeError) as error:
        if isinstance(error, BrokenPipeError) or error.name == "EPIPE":
            process.broken_pipe()
        raise
    if file.leaves:
        process.count_output(taken)
    return taken
