"""Take away a file, or with AT_REMOVEDIR an empty directory, by a path that starts at an open directory."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="remove_at",
    family="files",
    summary="Take away a file, or with AT_REMOVEDIR an empty directory, by a path that starts at an open directory.",
    arguments=(
        Argument("directory", "fd"),
        Argument("path", "path"),
        Argument("flags", "flags", constants="AT_"),
    ),
    result="none",
    unlocks=("std::fs::remove_dir_all against races", "std::fs::Dir::remove_file"),
    weight=2,
    errors=("EBADF", "ENOENT", "EACCES", "EBUSY", "EINVAL", "EISDIR", "ENOTDIR", "ENOTEMPTY", "EROFS"),
    settled=("ENOENT",),
)
