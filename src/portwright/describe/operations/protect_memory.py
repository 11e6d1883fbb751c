"""Change what may be done with mapped memory."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="protect_memory",
    family="memory",
    summary="Change what may be done with mapped memory.",
    arguments=(
        Argument("address", "address"),
        Argument("length", "size"),
        Argument("protection", "flags", constants="PROT_"),
    ),
    result="none",
    unlocks=("guard pages under thread stacks",),
    weight=2,
    errors=("EINVAL", "ENOMEM", "EACCES"),
    chance=True,
)
