"""Cut an open file to a length in bytes, or extend it with zeros."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="set_length",
    family="files",
    summary="Cut an open file to a length in bytes, or extend it with zeros.",
    arguments=(
        Argument("fd", "fd"),
        Argument("length", "offset"),
    ),
    result="none",
    unlocks=("std::fs::File::set_len",),
    weight=4,
    errors=("EBADF", "EINVAL", "ENOSPC"),
)
