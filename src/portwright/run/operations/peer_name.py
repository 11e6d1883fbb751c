"""The address that a socket is connected to."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.socket_calls import check_room, put_address, socket_of


def perform(process: Process, fd: int, address: int, address_length: int) -> int | Failure:
    """As much of it as there is room for; the length says how long it is."""
    file = socket_of(process, fd)
    if not address or not address_length:
        return Failure("EFAULT")
    check_room(process, address, address_length)
    put_address(process, address, address_length, file.peer_name())
    return 0
