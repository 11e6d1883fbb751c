"""Receive one datagram and the address that it came from; what the buffer cannot hold is lost."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.socket_calls import check_room, interrupt, put_address, socket_of


def perform(
    process: Process,
    fd: int,
    buffer: int,
    length: int,
    flags: frozenset[str] | None,
    address: int,
    address_length: int,
) -> int | Failure:
    """A stream's bytes come from nobody in particular: the address then has no length."""
    file = socket_of(process, fd)
    process.check_buffer(buffer, length, Access.WRITE)
    check_room(process, address, address_length)
    interrupt(process, file)
    said = flags or frozenset()
    if "MSG_OOB" in said:
        return Failure("EINVAL")
    wanted = length if "MSG_WAITALL" in said else process.portion(file, length)
    data, all_of_it, source = file.receive(
        wanted, peek="MSG_PEEK" in said, wait="MSG_DONTWAIT" not in said, whole="MSG_WAITALL" in said
    )
    if data:
        process.engine.write(buffer, data)
    if address:
        put_address(process, address, address_length, source)
    return all_of_it if "MSG_TRUNC" in said and file.borders else len(data)
