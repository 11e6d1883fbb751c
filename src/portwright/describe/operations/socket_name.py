"""A socket's own address."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="socket_name",
    family="sockets",
    summary="A socket's own address.",
    arguments=(
        Argument("fd", "fd"),
        Argument("address", "bytes-out", length="address_length"),
        Argument("address_length", "length-inout"),
    ),
    result="none",
    unlocks=(
        "std::net::TcpListener::local_addr",
        "std::net::TcpStream::local_addr",
        "std::net::UdpSocket::local_addr",
    ),
    weight=4,
    errors=("EINVAL", "ENOTSOCK"),
    varies=("address",),
)
