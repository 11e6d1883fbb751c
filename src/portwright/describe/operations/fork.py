"""Make a copy of the process that goes on from the same place; 0 in the copy, its number in the original."""

from __future__ import annotations

from portwright.describe.operation import Operation

OPERATION = Operation(
    name="fork",
    family="children",
    summary="Make a copy of the process that goes on from the same place; 0 in the copy, its number in the original.",
    arguments=(),
    result="integer",
    unlocks=("std::process::Command (with execute and wait)",),
    weight=6,
    errors=(
        "EAGAIN",
        "ENOMEM",
        "ENOSYS",
    ),
    begins="process",
)
