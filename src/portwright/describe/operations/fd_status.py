"""Describe an open file."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="fd_status",
    family="files",
    summary="Describe an open file.",
    arguments=(
        Argument("fd", "fd"),
        Argument("status", "struct-out", type="stat"),
    ),
    result="none",
    unlocks=("std::fs::File::metadata", "std::fs::copy's size hint"),
    weight=6,
    errors=("EBADF",),
)
