"""Send one datagram to an address."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="send_to",
    family="sockets",
    summary="Send one datagram to an address.",
    arguments=(
        Argument("fd", "fd"),
        Argument("buffer", "bytes-in", length="length"),
        Argument("length", "size"),
        Argument("flags", "flags", constants="MSG_", optional=True),
        Argument("address", "bytes-in", length="address_length"),
        Argument("address_length", "size", optional=True),
    ),
    result="size",
    unlocks=("std::net::UdpSocket::send_to",),
    weight=4,
    errors=(
        "EAGAIN",
        "EINTR",
        "EMSGSIZE",
        "EDESTADDRREQ",
        "ENETUNREACH",
        "ECONNREFUSED",
        "EACCES",
        "ENOTSOCK",
    ),
    varies=("address",),
)
