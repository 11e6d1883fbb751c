"""The flags of an open file's number: whether a program that is started loses it."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="descriptor_flags",
    family="descriptors",
    summary="The flags of an open file's number: whether a program that is started loses it.",
    arguments=(Argument("fd", "fd"),),
    result="integer",
    unlocks=("files that stay with their process (with set_descriptor_flags)",),
    weight=1,
    errors=("EBADF",),
)
