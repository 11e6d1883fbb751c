"""Bring an open file's bytes, and what is needed to read them, to where they survive a loss of power."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="sync_data",
    family="files",
    summary="Bring an open file's bytes, and what is needed to read them, to where they survive a loss of power.",
    arguments=(Argument("fd", "fd"),),
    result="none",
    unlocks=("std::fs::File::sync_data",),
    weight=1,
    errors=("EBADF", "EINVAL", "EIO", "ENOSPC"),
)
