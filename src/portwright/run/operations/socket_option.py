"""Read an option of a socket, into at most as many bytes as there is room for."""

from __future__ import annotations

from portwright.run import socket_options
from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.socket_calls import socket_of


def perform(
    process: Process, fd: int, level: str, option: str, value: int, value_length: int
) -> int | Failure:
    """A call that does not tell how much room there is has enough."""
    file = socket_of(process, fd)
    room = None
    if value_length:
        process.space.check(value_length, 4, Access.READ | Access.WRITE)
        room = int.from_bytes(process.space.read(value_length, 4), process.cpu.endian, signed=True)
        if room < 0:
            return Failure("EINVAL")
    data = socket_options.get(process, file, level, option)[:room]
    process.space.write(value, data)
    if value_length:
        process.space.write(value_length, len(data).to_bytes(4, process.cpu.endian))
    return 0
