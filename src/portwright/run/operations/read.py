"""Read bytes at an open file's offset, which moves on; 0 at the end. It may give fewer than asked for."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, fd: int, buffer: int, length: int) -> int | Failure:
    """What lies behind the bytes that came stays as it was."""
    file = process.files.get(fd)
    process.check_buffer(buffer, length, Access.WRITE)
    if file.blocks and process.interrupted():
        return Failure("EINTR")
    data = file.read(process.portion(file, length))
    if data:
        process.engine.write(buffer, data)
    return len(data)
