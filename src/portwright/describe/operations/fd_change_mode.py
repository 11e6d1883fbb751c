"""Set the permissions of an open file."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="fd_change_mode",
    family="files",
    summary="Set the permissions of an open file.",
    arguments=(
        Argument("fd", "fd"),
        Argument("mode", "mode"),
    ),
    result="none",
    unlocks=("std::fs::File::set_permissions",),
    weight=2,
    errors=("EBADF", "EPERM", "EROFS"),
)
