"""Take the next connection of a listening socket, as a socket of its own; waits until there is one."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="accept",
    family="sockets",
    summary="Take the next connection of a listening socket, as a socket of its own; waits until there is one.",
    arguments=(
        Argument("fd", "fd"),
        Argument("address", "bytes-out", length="address_length", optional=True),
        Argument("address_length", "length-inout", optional=True),
        Argument("flags", "flags", constants="SOCK_", optional=True),
    ),
    result="fd",
    unlocks=("std::net::TcpListener::accept", "std::net::TcpListener::incoming"),
    weight=5,
    errors=("EAGAIN", "EINTR", "ECONNABORTED", "EINVAL", "EMFILE", "EOPNOTSUPP", "ENOTSOCK"),
    varies=("address",),
)
