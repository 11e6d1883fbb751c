"""End one direction of a connection, or both; the socket stays open."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.socket_calls import socket_of

WAYS = {"SHUT_RD": (True, False), "SHUT_WR": (False, True), "SHUT_RDWR": (True, True)}


def perform(process: Process, fd: int, how: str) -> int | Failure:
    """Bytes that came before can still be read."""
    file = socket_of(process, fd)
    if how not in WAYS:
        return Failure("EINVAL")
    file.shutdown(*WAYS[how])
    return 0
