"""The address that a socket is connected to."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="peer_name",
    family="sockets",
    summary="The address that a socket is connected to.",
    arguments=(
        Argument("fd", "fd"),
        Argument("address", "bytes-out", length="address_length"),
        Argument("address_length", "length-inout"),
    ),
    result="none",
    unlocks=("std::net::TcpStream::peer_addr", "std::net::UdpSocket::peer_addr"),
    weight=4,
    errors=("ENOTCONN", "EINVAL", "ENOTSOCK"),
    varies=("address",),
)
