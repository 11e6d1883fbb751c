"""Set the flags of an open file's number: whether a program that is started loses it."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="set_descriptor_flags",
    family="descriptors",
    summary="Set the flags of an open file's number: whether a program that is started loses it.",
    arguments=(
        Argument("fd", "fd"),
        Argument("flags", "flags", constants="FD_"),
    ),
    result="none",
    unlocks=("files that stay with their process",),
    weight=2,
    errors=("EBADF",),
)
