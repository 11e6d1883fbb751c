"""Set the flags of an open file that all its numbers share: whether reading and writing wait."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="set_status_flags",
    family="descriptors",
    summary="Set the flags of an open file that all its numbers share: whether reading and writing wait.",
    arguments=(
        Argument("fd", "fd"),
        Argument("flags", "flags", constants="O_"),
    ),
    result="none",
    unlocks=("set_nonblocking",),
    weight=2,
    errors=(
        "EBADF",
        "EINVAL",
    ),
)
