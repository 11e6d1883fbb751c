"""Let a bound socket take connections; `backlog` of them may wait to be accepted."""

from __future__ import annotations

from portwright.run.process import Process
from portwright.run.socket_calls import socket_of


def perform(process: Process, fd: int, backlog: int) -> int:
    """A socket without an address gets one."""
    socket_of(process, fd).listen(backlog)
    return 0
