"""Write the current directory's path with a NUL; the result is the call's own (length or address)."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="current_directory",
    family="process",
    summary="Write the current directory's path with a NUL; the result is the call's own (length or address).",
    arguments=(
        Argument("buffer", "bytes-out", length="length"),
        Argument("length", "size"),
    ),
    result="size",
    unlocks=("std::env::current_dir",),
    weight=3,
    errors=("ERANGE", "ENOENT"),
)
