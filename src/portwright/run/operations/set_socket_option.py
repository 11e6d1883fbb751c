"""Set an option of a socket; `value` is a number of the C type int, or a struct."""

from __future__ import annotations

from portwright.run import socket_options
from portwright.run.process import Process
from portwright.run.socket_calls import socket_of

LONGEST = 256


def perform(process: Process, fd: int, level: str, option: str, value: int, value_length: int) -> int:
    """An option that the machine's network does not have is ENOPROTOOPT."""
    file = socket_of(process, fd)
    socket_options.put(process, file, level, option, process.space.read(value, min(value_length, LONGEST)))
    return 0
