"""Send one datagram to an address."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.socket_calls import interrupt, read_address, socket_of, told_of_broken_pipes


def perform(
    process: Process,
    fd: int,
    buffer: int,
    length: int,
    flags: frozenset[str] | None,
    address: int,
    address_length: int,
) -> int | Failure:
    """Where the call passes no length of the address, its family tells; address 0 means the connected one."""
    file = socket_of(process, fd)
    process.check_buffer(buffer, length, Access.READ)
    endpoint = read_address(process, address, address_length, told=address_length > 0) if address else None
    interrupt(process, file)
    said = flags or frozenset()
    if "MSG_OOB" in said:
        return Failure("EOPNOTSUPP")
    size = process.portion(file, length)
    data = process.engine.read(buffer, size) if size else b""
    with told_of_broken_pipes(process, silent="MSG_NOSIGNAL" in said):
        return file.send(data, endpoint, wait="MSG_DONTWAIT" not in said)
