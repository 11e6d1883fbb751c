"""Let other threads run."""

from __future__ import annotations

from portwright.describe.operation import Operation

OPERATION = Operation(
    name="yield_now",
    family="threads",
    summary="Let other threads run.",
    arguments=(),
    result="none",
    unlocks=("std::thread::yield_now",),
    weight=2,
    errors=(),
    chance=True,
)
