"""Describe what a path names, without following a symbolic link at its end."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="link_status",
    family="files",
    summary="Describe what a path names, without following a symbolic link at its end.",
    arguments=(
        Argument("path", "path"),
        Argument("status", "struct-out", type="stat"),
    ),
    result="none",
    unlocks=("std::fs::symlink_metadata", "std::fs::remove_dir_all"),
    weight=6,
    errors=("ENOENT", "EACCES", "ENOTDIR"),
)
