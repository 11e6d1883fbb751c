"""The processors that a thread may run on, as bits; 0 is the caller. Answers the bytes written."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="thread_affinity",
    family="threads",
    summary="The processors that a thread may run on, as bits; 0 is the caller. Answers the bytes written.",
    arguments=(
        Argument("thread", "integer"),
        Argument("length", "size"),
        Argument("mask", "bytes-out", length="length"),
    ),
    result="size",
    unlocks=("std::thread::available_parallelism",),
    weight=3,
    errors=("EFAULT", "EINVAL", "ESRCH"),
    varies=("mask", "result"),
)
