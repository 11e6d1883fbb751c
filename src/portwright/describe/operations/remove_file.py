"""Take a name of a file away."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="remove_file",
    family="files",
    summary="Take a name of a file away.",
    arguments=(Argument("path", "path"),),
    result="none",
    unlocks=("std::fs::remove_file", "std::fs::remove_dir_all"),
    weight=6,
    errors=("ENOENT", "EACCES", "EISDIR", "ENOTDIR"),
    settled=("ENOENT",),
)
