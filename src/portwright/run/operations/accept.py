"""Take the next connection of a listening socket, as a socket of its own; waits until there is one."""

from __future__ import annotations

from portwright.run.process import Process
from portwright.run.socket_calls import check_room, interrupt, put_address, set_nonblocking, socket_of
from portwright.run.socket_file import Socket


def perform(
    process: Process, fd: int, address: int, address_length: int, flags: frozenset[str] | None
) -> int:
    """The new socket waits where it is read, whatever the listening one does, unless SOCK_NONBLOCK asks otherwise."""
    file = socket_of(process, fd)
    check_room(process, address, address_length)
    interrupt(process, file)
    taken: list[Socket] = []

    def take() -> Socket:
        new = file.accept()
        set_nonblocking(new, flags or frozenset())
        taken.append(new)
        return new

    number = process.files.add(take, stays="SOCK_CLOEXEC" in (flags or ()))
    remote = taken[0].remote
    assert remote is not None
    put_address(process, address, address_length, remote.seen_by(taken[0].family))
    return number
