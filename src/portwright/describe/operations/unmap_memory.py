"""Take mapped memory away."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="unmap_memory",
    family="memory",
    summary="Take mapped memory away.",
    arguments=(
        Argument("address", "address"),
        Argument("length", "size"),
    ),
    result="none",
    unlocks=("giving memory back to the system",),
    weight=4,
    errors=("EINVAL",),
    chance=True,
)
