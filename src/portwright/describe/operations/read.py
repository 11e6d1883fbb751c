"""Read bytes at an open file's offset, which moves on; 0 at the end. It may give fewer than asked for."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="read",
    family="files",
    summary="Read bytes at an open file's offset, which moves on; 0 at the end. It may give fewer than asked for.",
    arguments=(
        Argument("fd", "fd"),
        Argument("buffer", "bytes-out", length="length"),
        Argument("length", "size"),
    ),
    result="size",
    unlocks=("std::io::stdin", "std::fs::File as Read"),
    weight=9,
    errors=("EBADF", "EINTR", "EISDIR", "EIO"),
    partial=True,
)
