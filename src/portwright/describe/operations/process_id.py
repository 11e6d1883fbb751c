"""The process's number."""

from __future__ import annotations

from portwright.describe.operation import Operation

OPERATION = Operation(
    name="process_id",
    family="process",
    summary="The process's number.",
    arguments=(),
    result="integer",
    unlocks=("std::process::id",),
    weight=3,
    errors=(),
    varies=("result",),
)
