"""Give a socket its own address; port 0 lets the system choose."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.socket_calls import read_address, socket_of


def perform(process: Process, fd: int, address: int, address_length: int) -> int | Failure:
    """Only this machine's own hosts: loopback, and any."""
    file = socket_of(process, fd)
    endpoint = read_address(process, address, address_length)
    if endpoint is None:
        return Failure("EAFNOSUPPORT")
    file.bind(endpoint)
    return 0
