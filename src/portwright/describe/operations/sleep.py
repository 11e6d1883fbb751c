"""Wait for a duration; the rest of an interrupted wait goes to `remaining` (address 0: nowhere)."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="sleep",
    family="time",
    summary="Wait for a duration; the rest of an interrupted wait goes to `remaining` (address 0: nowhere).",
    arguments=(
        Argument("duration", "struct-in", type="timespec"),
        Argument("remaining", "struct-out", type="timespec", optional=True),
    ),
    result="none",
    unlocks=("std::thread::sleep",),
    weight=5,
    errors=("EINTR", "EINVAL"),
    varies=("remaining",),
)
