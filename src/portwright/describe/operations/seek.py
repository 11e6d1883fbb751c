"""Move an open file's offset; the result is the new one, in bytes from the start."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="seek",
    family="files",
    summary="Move an open file's offset; the result is the new one, in bytes from the start.",
    arguments=(
        Argument("fd", "fd"),
        Argument("offset", "offset"),
        Argument("whence", "choice", constants="SEEK_"),
    ),
    result="offset",
    unlocks=("std::fs::File as Seek",),
    weight=6,
    errors=("EBADF", "EINVAL", "ESPIPE"),
)
