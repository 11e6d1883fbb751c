"""Wait until a child has ended and take its status; the result is its number, or 0 where it need not wait."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="wait",
    family="children",
    summary="Wait until a child has ended and take its status; the result is its number, or 0 where it need not wait.",
    arguments=(
        Argument("process", "integer"),
        Argument("status", "struct-out", type="wait_status"),
        Argument("options", "flags", constants="W", optional=True),
    ),
    result="integer",
    unlocks=(
        "std::process::Child::wait",
        "std::process::Command::status",
    ),
    weight=5,
    errors=(
        "ECHILD",
        "EINTR",
        "EINVAL",
    ),
)
