"""Start a thread at `entry` with `argument` on a stack whose top is `stack`; answers its id."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="thread_create",
    family="threads",
    summary="Start a thread at `entry` with `argument` on a stack whose top is `stack`; answers its id.",
    arguments=(
        Argument("entry", "address"),
        Argument("stack", "address"),
        Argument("argument", "address"),
        Argument("thread_pointer", "address", optional=True),
    ),
    result="integer",
    unlocks=("std::thread::spawn", "std::thread::scope", "std::thread::Builder"),
    weight=7,
    errors=("EAGAIN", "EINVAL", "ENOMEM"),
    begins="thread",
)
