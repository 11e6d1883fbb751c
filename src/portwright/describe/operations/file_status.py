"""Describe the file that a path names, following symbolic links."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="file_status",
    family="files",
    summary="Describe the file that a path names, following symbolic links.",
    arguments=(
        Argument("path", "path"),
        Argument("status", "struct-out", type="stat"),
    ),
    result="none",
    unlocks=("std::fs::metadata", "Path::exists", "Path::is_dir"),
    weight=7,
    errors=("ENOENT", "EACCES", "ENOTDIR", "ELOOP"),
)
