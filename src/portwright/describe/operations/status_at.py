"""Describe what a path that starts at an open directory names; with AT_SYMLINK_NOFOLLOW a link itself."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="status_at",
    family="files",
    summary="Describe what a path that starts at an open directory names; with AT_SYMLINK_NOFOLLOW a link itself.",
    arguments=(
        Argument("directory", "fd"),
        Argument("path", "path"),
        Argument("status", "struct-out", type="stat"),
        Argument("flags", "flags", constants="AT_"),
    ),
    result="none",
    unlocks=("std::fs::remove_dir_all against races",),
    weight=1,
    errors=("EBADF", "ENOENT", "EACCES", "EINVAL", "ELOOP", "ENOTDIR"),
)
