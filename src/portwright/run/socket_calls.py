"""What the operations on sockets share: the socket of a number, and addresses in the guest's memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from portwright.run.engine import Access
from portwright.run.failure import Failed
from portwright.run.process import Process
from portwright.run.socket_address import Addresses, Endpoint
from portwright.run.socket_file import Socket

LONGEST_ADDRESS = 128


def socket_of(process: Process, fd: int) -> Socket:
    """The socket of that number; raises `Failed` (EBADF, ENOTSOCK)."""
    found = process.files.get(fd)
    if not isinstance(found, Socket):
        raise Failed("ENOTSOCK")
    return found


def set_nonblocking(file: Socket, asked: frozenset[str]) -> None:
    """Make a new socket one that does not wait, where that was asked for."""
    if "SOCK_NONBLOCK" in asked:
        file.nonblocking, file.flags = True, file.flags | {"O_NONBLOCK"}


def interrupt(process: Process, file: Socket) -> None:
    """Interrupt a call that may wait, now and then in a hostile run: before it has done anything."""
    if not file.nonblocking and not process.thread.waited and process.interrupted():
        raise Failed("EINTR")


@contextlib.contextmanager
def told_of_broken_pipes(process: Process, *, silent: bool) -> Iterator[None]:
    """Tell the process by a signal, unless it wants none, that what it sends goes to nobody."""
    try:
        yield
    except Failed as failed:
        if failed.name == "EPIPE" and not silent:
            process.broken_pipe()
        raise


def read_address(process: Process, address: int, length: int, *, told: bool = True) -> Endpoint | None:
    """The endpoint at an address, None for one of no family. A call that cannot tell its length does not."""
    addresses = _addresses(process)
    if not told:
        length = addresses.length(process.space.read(address, addresses.shortest))
    if length > LONGEST_ADDRESS:
        raise Failed("EINVAL")
    return addresses.unpack(process.space.read(address, length))


def check_room(process: Process, address: int, length_address: int) -> None:
    """Hold the room for an address against the guest's memory, before anything is done."""
    if not address:
        return
    if length_address:
        process.space.check(length_address, 4, Access.READ | Access.WRITE)
        if _room(process, length_address) >> 31:
            raise Failed("EINVAL")
    else:
        process.space.check(address, _addresses(process).longest, Access.WRITE)


def put_address(process: Process, address: int, length_address: int, endpoint: Endpoint | None) -> None:
    """Write an endpoint, as much of it as there is room for, and how long it is."""
    if not address:
        return
    data = b"" if endpoint is None else _addresses(process).pack(endpoint)
    if not length_address:
        process.space.write(address, data)
        return
    process.space.write(address, data[: _room(process, length_address)])
    process.space.write(length_address, len(data).to_bytes(4, process.cpu.endian))


def _room(process: Process, length_address: int) -> int:
    return int.from_bytes(process.space.read(length_address, 4), process.cpu.endian)


def _addresses(process: Process) -> Addresses:
    network = process.kernel.network
    if network is None:
        raise Failed("EAFNOSUPPORT")
    return network.addresses
