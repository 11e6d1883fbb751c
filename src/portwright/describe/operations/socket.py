"""Make a socket: one end of a connection, or of an exchange of datagrams."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="socket",
    family="sockets",
    summary="Make a socket: one end of a connection, or of an exchange of datagrams.",
    arguments=(
        Argument("domain", "choice", constants="AF_"),
        Argument("type", "flags", constants="SOCK_"),
        Argument("protocol", "choice", constants="IPPROTO_", optional=True),
    ),
    result="fd",
    unlocks=("std::net::TcpStream", "std::net::TcpListener", "std::net::UdpSocket"),
    weight=5,
    errors=("EAFNOSUPPORT", "EPROTONOSUPPORT", "EINVAL", "EMFILE", "ENOBUFS", "ENOMEM"),
)
