"""Receive one datagram and the address that it came from; what the buffer cannot hold is lost."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="receive_from",
    family="sockets",
    summary="Receive one datagram and the address that it came from; what the buffer cannot hold is lost.",
    arguments=(
        Argument("fd", "fd"),
        Argument("buffer", "bytes-out", length="length"),
        Argument("length", "size"),
        Argument("flags", "flags", constants="MSG_", optional=True),
        Argument("address", "bytes-out", length="address_length"),
        Argument("address_length", "length-inout", optional=True),
    ),
    result="size",
    unlocks=("std::net::UdpSocket::recv_from", "std::net::UdpSocket::peek_from"),
    weight=4,
    errors=("EAGAIN", "EINTR", "ECONNREFUSED", "ENOTCONN", "ENOTSOCK"),
    varies=("address",),
)
