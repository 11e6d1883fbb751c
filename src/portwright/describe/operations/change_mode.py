"""Set the permissions of the file that a path names, following symbolic links."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="change_mode",
    family="files",
    summary="Set the permissions of the file that a path names, following symbolic links.",
    arguments=(
        Argument("path", "path"),
        Argument("mode", "mode"),
    ),
    result="none",
    unlocks=("std::fs::set_permissions",),
    weight=3,
    errors=("ENOENT", "EACCES", "ELOOP", "ENOTDIR", "EPERM", "EROFS"),
)
