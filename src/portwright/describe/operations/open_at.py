"""Open a file, or create it, by a path that starts at an open directory."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="open_at",
    family="files",
    summary="Open a file, or create it, by a path that starts at an open directory.",
    arguments=(
        Argument("directory", "fd"),
        Argument("path", "path"),
        Argument("flags", "flags", constants="O_"),
        Argument("mode", "mode", optional=True),
    ),
    result="fd",
    unlocks=("std::fs::remove_dir_all against races", "std::fs::Dir"),
    weight=2,
    errors=(
        "EBADF",
        "ENOENT",
        "EACCES",
        "EEXIST",
        "EISDIR",
        "ELOOP",
        "ENOTDIR",
        "EINVAL",
        "EMFILE",
        "ENOSPC",
    ),
)
