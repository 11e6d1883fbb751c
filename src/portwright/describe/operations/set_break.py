"""Move the end of the data segment to an address; the result is the end that holds now."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="set_break",
    family="memory",
    summary="Move the end of the data segment to an address; the result is the end that holds now.",
    arguments=(Argument("address", "address"),),
    result="address",
    unlocks=("the heap, where nothing maps memory",),
    weight=5,
    errors=("ENOMEM",),
)
