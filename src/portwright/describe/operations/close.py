"""Close an open file."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="close",
    family="files",
    summary="Close an open file.",
    arguments=(Argument("fd", "fd"),),
    result="none",
    unlocks=("drop of std::fs::File",),
    weight=7,
    errors=("EBADF",),
)
