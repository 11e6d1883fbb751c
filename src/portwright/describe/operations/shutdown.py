"""End one direction of a connection, or both; the socket stays open."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="shutdown",
    family="sockets",
    summary="End one direction of a connection, or both; the socket stays open.",
    arguments=(
        Argument("fd", "fd"),
        Argument("how", "choice", constants="SHUT_"),
    ),
    result="none",
    unlocks=("std::net::TcpStream::shutdown",),
    weight=4,
    errors=("ENOTCONN", "EINVAL", "ENOTSOCK"),
)
