"""End the process with a status."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="exit",
    family="process",
    summary="End the process with a status.",
    arguments=(Argument("status", "integer"),),
    result="never",
    unlocks=("the end of main", "std::process::exit", "the exit status 101 of a panic"),
    weight=10,
    errors=(),
)
