"""The calling thread's number."""

from __future__ import annotations

from portwright.describe.operation import Operation

OPERATION = Operation(
    name="thread_id",
    family="threads",
    summary="The calling thread's number.",
    arguments=(),
    result="integer",
    unlocks=("std::thread::ThreadId",),
    weight=2,
    errors=(),
    varies=("result",),
)
