"""Wait until one of several open files can be read or written; the result counts those that can."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="poll",
    family="descriptors",
    summary="Wait until one of several open files can be read or written; the result counts those that can.",
    arguments=(
        Argument("fds", "address"),
        Argument("count", "size"),
        Argument("timeout", "struct-in", type="timespec", nullable=True, optional=True),
    ),
    result="integer",
    unlocks=(
        "std::process::Command::output without a thread",
        "TcpStream::connect_timeout",
    ),
    weight=3,
    errors=(
        "EINTR",
        "EINVAL",
        "ENOMEM",
        "EFAULT",
    ),
    varies=("timeout",),
    chance=True,
)
