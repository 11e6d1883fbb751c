"""Give an open file a second number, the lowest that is free."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="duplicate",
    family="descriptors",
    summary="Give an open file a second number, the lowest that is free.",
    arguments=(Argument("fd", "fd"),),
    result="fd",
    unlocks=(
        "std::fs::File::try_clone",
        "OwnedFd::try_clone",
    ),
    weight=3,
    errors=(
        "EBADF",
        "EMFILE",
    ),
)
