"""Set an option of a socket; `value` is a number of the C type int, or a struct."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="set_socket_option",
    family="sockets",
    summary="Set an option of a socket; `value` is a number of the C type int, or a struct.",
    arguments=(
        Argument("fd", "fd"),
        Argument("level", "choice", constants="SOL_ IPPROTO_"),
        Argument("option", "option", level="level"),
        Argument("value", "bytes-in", length="value_length"),
        Argument("value_length", "size"),
    ),
    result="none",
    unlocks=(
        "std::net::TcpStream::set_nodelay",
        "std::net::TcpStream::set_read_timeout",
        "std::net::UdpSocket::set_broadcast",
        "std::net::UdpSocket::set_ttl",
    ),
    weight=3,
    errors=("ENOPROTOOPT", "EINVAL", "EDOM", "ENOTSOCK"),
)
