"""Read bytes at a place in an open file, whose own offset stays; 0 at the end."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="read_at",
    family="files",
    summary="Read bytes at a place in an open file, whose own offset stays; 0 at the end.",
    arguments=(
        Argument("fd", "fd"),
        Argument("buffer", "bytes-out", length="length"),
        Argument("length", "size"),
        Argument("offset", "offset"),
    ),
    result="size",
    unlocks=("std::os FileExt::read_at",),
    weight=2,
    errors=("EBADF", "EINTR", "EINVAL", "EIO", "EISDIR", "ESPIPE"),
    partial=True,
)
