"""Close a directory that `open_directory` opened. Where no call means this, std calls `close`."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="close_directory",
    family="directories",
    summary="Close a directory that `open_directory` opened. Where no call means this, std calls `close`.",
    arguments=(Argument("fd", "fd"),),
    result="none",
    unlocks=("drop of std::fs::ReadDir",),
    weight=3,
    errors=("EBADF", "EINTR", "EIO"),
    settled=("EBADF", "EINTR", "EIO"),  # whatever it says, the number is not the caller's any more
)
