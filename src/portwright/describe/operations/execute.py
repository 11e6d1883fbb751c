"""Replace the program by another in the same process, with its open files; it comes back only where it fails."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="execute",
    family="children",
    summary="Replace the program by another in the same process, with its open files; it comes back only where it fails.",
    arguments=(
        Argument("path", "path"),
        Argument("arguments", "strings"),
        Argument("environment", "strings"),
    ),
    result="none",
    unlocks=("std::process::Command (with fork and wait)",),
    weight=6,
    errors=(
        "ENOENT",
        "EACCES",
        "ENOEXEC",
        "E2BIG",
        "ENOTDIR",
        "EISDIR",
        "ELOOP",
        "ENOMEM",
        "EIO",
    ),
    varies=("result",),
)
