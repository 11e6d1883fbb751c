"""Remove an empty directory."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="remove_directory",
    family="directories",
    summary="Remove an empty directory.",
    arguments=(Argument("path", "path"),),
    result="none",
    unlocks=("std::fs::remove_dir", "std::fs::remove_dir_all"),
    weight=5,
    errors=("ENOENT", "EACCES", "ENOTEMPTY", "ENOTDIR"),
    settled=("ENOENT",),
)
