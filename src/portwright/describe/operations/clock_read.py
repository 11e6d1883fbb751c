"""Read a clock into a timespec."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="clock_read",
    family="time",
    summary="Read a clock into a timespec.",
    arguments=(
        Argument("clock", "integer", optional=True),
        Argument("time", "struct-out", type="timespec"),
    ),
    result="none",
    unlocks=("std::time::Instant", "std::time::SystemTime"),
    weight=7,
    errors=("EINVAL",),
    varies=("time",),
    goes_on=True,
)
