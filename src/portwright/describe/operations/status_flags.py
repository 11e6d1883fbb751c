"""The flags of an open file that all its numbers share: how it was opened, whether it waits."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="status_flags",
    family="descriptors",
    summary="The flags of an open file that all its numbers share: how it was opened, whether it waits.",
    arguments=(Argument("fd", "fd"),),
    result="integer",
    unlocks=("set_nonblocking (with set_status_flags)",),
    weight=2,
    errors=("EBADF",),
)
