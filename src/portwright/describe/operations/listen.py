"""Let a bound socket take connections; `backlog` of them may wait to be accepted."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="listen",
    family="sockets",
    summary="Let a bound socket take connections; `backlog` of them may wait to be accepted.",
    arguments=(
        Argument("fd", "fd"),
        Argument("backlog", "integer"),
    ),
    result="none",
    unlocks=("std::net::TcpListener::bind",),
    weight=5,
    errors=("EADDRINUSE", "EOPNOTSUPP", "EINVAL", "ENOTSOCK"),
)
