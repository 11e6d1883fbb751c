"""Send bytes, or one datagram, over a connected socket; of bytes it may take fewer than given."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="send",
    family="sockets",
    summary="Send bytes, or one datagram, over a connected socket; of bytes it may take fewer than given.",
    arguments=(
        Argument("fd", "fd"),
        Argument("buffer", "bytes-in", length="length"),
        Argument("length", "size"),
        Argument("flags", "flags", constants="MSG_", optional=True),
    ),
    result="size",
    unlocks=("std::net::TcpStream as Write", "std::net::UdpSocket::send"),
    weight=5,
    errors=(
        "EAGAIN",
        "EINTR",
        "EPIPE",
        "ECONNRESET",
        "ENOTCONN",
        "EDESTADDRREQ",
        "EMSGSIZE",
        "ECONNREFUSED",
        "ENOTSOCK",
    ),
    partial=True,
)
