"""Connect a socket to an address; a datagram socket then sends there and hears nobody else."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="connect",
    family="sockets",
    summary="Connect a socket to an address; a datagram socket then sends there and hears nobody else.",
    arguments=(
        Argument("fd", "fd"),
        Argument("address", "bytes-in", length="address_length"),
        Argument("address_length", "size"),
    ),
    result="none",
    unlocks=("std::net::TcpStream::connect", "std::net::UdpSocket::connect"),
    weight=5,
    errors=(
        "ECONNREFUSED",
        "EINPROGRESS",
        "EALREADY",
        "EISCONN",
        "ETIMEDOUT",
        "ENETUNREACH",
        "EADDRNOTAVAIL",
        "EINTR",
        "ENOTSOCK",
    ),
    settled=("EISCONN",),
    varies=("address",),
)
