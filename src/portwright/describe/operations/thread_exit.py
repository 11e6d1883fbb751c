"""End the calling thread; the process ends with its last one."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="thread_exit",
    family="threads",
    summary="End the calling thread; the process ends with its last one.",
    arguments=(Argument("status", "integer", optional=True),),
    result="never",
    unlocks=("the end of a thread",),
    weight=7,
    errors=(),
)
