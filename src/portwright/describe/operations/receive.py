"""Receive bytes, or one datagram, from a socket; 0 at a connection's end."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="receive",
    family="sockets",
    summary="Receive bytes, or one datagram, from a socket; 0 at a connection's end.",
    arguments=(
        Argument("fd", "fd"),
        Argument("buffer", "bytes-out", length="length"),
        Argument("length", "size"),
        Argument("flags", "flags", constants="MSG_", optional=True),
    ),
    result="size",
    unlocks=("std::net::TcpStream as Read", "std::net::TcpStream::peek", "std::net::UdpSocket::recv"),
    weight=5,
    errors=("EAGAIN", "EINTR", "ECONNRESET", "ECONNREFUSED", "ENOTCONN", "ENOTSOCK"),
    partial=True,
)
