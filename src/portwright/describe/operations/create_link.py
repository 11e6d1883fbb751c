"""Give the file `target` one more name, `path`. A symbolic link itself gets it, where `target` names one."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="create_link",
    family="files",
    summary="Give the file `target` one more name, `path`. A symbolic link itself gets it, where `target` names one.",
    arguments=(
        Argument("path", "path"),
        Argument("target", "path"),
    ),
    result="none",
    unlocks=("std::fs::hard_link",),
    weight=2,
    errors=("ENOENT", "EACCES", "EEXIST", "EMLINK", "EPERM", "EXDEV", "EROFS"),
)
