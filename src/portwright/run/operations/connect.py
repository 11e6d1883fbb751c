"""Connect a socket to an address; a datagram socket then sends there and hears nobody else."""

from __future__ import annotations

from portwright.run.process import Process
from portwright.run.socket_calls import interrupt, read_address, socket_of


def perform(process: Process, fd: int, address: int, address_length: int) -> int:
    """A connection that was interrupted goes its way; the next call says what became of it."""
    file = socket_of(process, fd)
    endpoint = read_address(process, address, address_length)
    interrupt(process, file)
    file.connect(endpoint)
    return 0
