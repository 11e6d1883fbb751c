"""Give a socket its own address; port 0 lets the system choose."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="bind",
    family="sockets",
    summary="Give a socket its own address; port 0 lets the system choose.",
    arguments=(
        Argument("fd", "fd"),
        Argument("address", "bytes-in", length="address_length"),
        Argument("address_length", "size"),
    ),
    result="none",
    unlocks=("std::net::TcpListener::bind", "std::net::UdpSocket::bind"),
    weight=5,
    errors=("EADDRINUSE", "EADDRNOTAVAIL", "EACCES", "EINVAL", "ENOTSOCK"),
    varies=("address",),
)
