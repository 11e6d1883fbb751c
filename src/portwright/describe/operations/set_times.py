"""Set when the file that a path names was read and changed, following symbolic links."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="set_times",
    family="files",
    summary="Set when the file that a path names was read and changed, following symbolic links.",
    arguments=(
        Argument("path", "path"),
        Argument("times", "struct-in", type="timespec_pair"),
    ),
    result="none",
    unlocks=("std::fs::set_times",),
    weight=1,
    errors=("ENOENT", "EACCES", "EINVAL", "EPERM", "EROFS"),
)
