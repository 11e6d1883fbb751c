"""Set when what a path names was read and changed, without following a symbolic link at its end."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="link_set_times",
    family="files",
    summary="Set when what a path names was read and changed, without following a symbolic link at its end.",
    arguments=(
        Argument("path", "path"),
        Argument("times", "struct-in", type="timespec_pair"),
    ),
    result="none",
    unlocks=("std::fs::set_times_nofollow",),
    weight=1,
    errors=("ENOENT", "EACCES", "EINVAL", "EPERM", "EROFS"),
)
