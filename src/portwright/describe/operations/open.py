"""Open a file, or create it."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="open",
    family="files",
    summary="Open a file, or create it.",
    arguments=(
        Argument("path", "path"),
        Argument("flags", "flags", constants="O_"),
        Argument("mode", "mode", optional=True),
    ),
    result="fd",
    unlocks=(
        "std::fs::File::open",
        "std::fs::OpenOptions",
        "std::fs::read",
        "std::fs::write",
        "std::fs::copy",
    ),
    weight=8,
    errors=("ENOENT", "EACCES", "EEXIST", "EISDIR", "ENOTDIR", "EINVAL", "EMFILE", "ENOSPC"),
)
