"""Write the text of a symbolic link, without a NUL; the result counts its bytes, cut where there is no room."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="read_link",
    family="files",
    summary="Write the text of a symbolic link, without a NUL; the result counts its bytes, cut where there is no room.",
    arguments=(
        Argument("path", "path"),
        Argument("buffer", "bytes-out", length="length"),
        Argument("length", "size"),
    ),
    result="size",
    unlocks=("std::fs::read_link", "std::fs::canonicalize"),
    weight=3,
    errors=("ENOENT", "EACCES", "EINVAL", "ELOOP", "ENOTDIR"),
)
