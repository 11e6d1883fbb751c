"""Set when an open file was read and changed."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="fd_set_times",
    family="files",
    summary="Set when an open file was read and changed.",
    arguments=(
        Argument("fd", "fd"),
        Argument("times", "struct-in", type="timespec_pair"),
    ),
    result="none",
    unlocks=("std::fs::File::set_times", "std::fs::File::set_modified"),
    weight=2,
    errors=("EBADF", "EACCES", "EINVAL", "EPERM", "EROFS"),
)
