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
    errors=("EBADF", "EINTR", "EIO"),
    settled=("EBADF", "EINTR", "EIO"),  # whatever it says, the number is not the caller's any more
)
