"""Read an option of a socket, into at most as many bytes as there is room for."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="socket_option",
    family="sockets",
    summary="Read an option of a socket, into at most as many bytes as there is room for.",
    arguments=(
        Argument("fd", "fd"),
        Argument("level", "choice", constants="SOL_ IPPROTO_"),
        Argument("option", "option", level="level"),
        Argument("value", "bytes-out", length="value_length"),
        Argument("value_length", "length-inout", optional=True),
    ),
    result="none",
    unlocks=("std::net::TcpStream::take_error", "std::net::TcpStream::nodelay", "std::net::UdpSocket::ttl"),
    weight=3,
    errors=("ENOPROTOOPT", "EINVAL", "ENOTSOCK"),
)
