"""Make a directory."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="create_directory",
    family="directories",
    summary="Make a directory.",
    arguments=(
        Argument("path", "path"),
        Argument("mode", "mode", optional=True),
    ),
    result="none",
    unlocks=("std::fs::create_dir", "std::fs::create_dir_all"),
    weight=6,
    errors=("ENOENT", "EACCES", "EEXIST", "ENOTDIR", "ENOSPC"),
    settled=("EEXIST",),
)
