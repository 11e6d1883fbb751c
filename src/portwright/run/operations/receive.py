"""Receive bytes, or one datagram, from a socket; 0 at a connection's end."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.socket_calls import interrupt, socket_of


def perform(
    process: Process, fd: int, buffer: int, length: int, flags: frozenset[str] | None
) -> int | Failure:
    """What lies behind the bytes that came stays as it was."""
    file = socket_of(process, fd)
    process.check_buffer(buffer, length, Access.WRITE)
    interrupt(process, file)
    said = flags or frozenset()
    if "MSG_OOB" in said:
        return Failure("EINVAL")
    wanted = length if "MSG_WAITALL" in said else process.portion(file, length)
    data, all_of_it, _ = file.receive(
        wanted, peek="MSG_PEEK" in said, wait="MSG_DONTWAIT" not in said, whole="MSG_WAITALL" in said
    )
    if data:
        process.engine.write(buffer, data)
    return all_of_it if "MSG_TRUNC" in said and file.borders else len(data)
