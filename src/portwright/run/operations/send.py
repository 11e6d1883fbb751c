"""Send bytes, or one datagram, over a connected socket; of bytes it may take fewer than given."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.socket_calls import interrupt, socket_of, told_of_broken_pipes


def perform(
    process: Process, fd: int, buffer: int, length: int, flags: frozenset[str] | None
) -> int | Failure:
    """Every byte of the buffer must be the guest's, also those that are not taken."""
    file = socket_of(process, fd)
    process.check_buffer(buffer, length, Access.READ)
    interrupt(process, file)
    said = flags or frozenset()
    if "MSG_OOB" in said:
        return Failure("EOPNOTSUPP")
    size = process.portion(file, length)
    data = process.engine.read(buffer, size) if size else b""
    with told_of_broken_pipes(process, silent="MSG_NOSIGNAL" in said):
        return file.send(data, wait="MSG_DONTWAIT" not in said)
