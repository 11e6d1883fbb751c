"""Give a file or directory another name, replacing what has that name."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="rename",
    family="files",
    summary="Give a file or directory another name, replacing what has that name.",
    arguments=(
        Argument("path", "path"),
        Argument("target", "path"),
    ),
    result="none",
    unlocks=("std::fs::rename",),
    weight=5,
    errors=("ENOENT", "EACCES", "EEXIST", "ENOTEMPTY", "EISDIR", "ENOTDIR", "EINVAL", "EXDEV"),
)
