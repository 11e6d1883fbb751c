"""Write bytes at a place in an open file, whose own offset stays; it may take fewer than given."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="write_at",
    family="files",
    summary="Write bytes at a place in an open file, whose own offset stays; it may take fewer than given.",
    arguments=(
        Argument("fd", "fd"),
        Argument("buffer", "bytes-in", length="length"),
        Argument("length", "size"),
        Argument("offset", "offset"),
    ),
    result="size",
    unlocks=("std::os FileExt::write_at",),
    weight=2,
    errors=("EBADF", "EFBIG", "EINTR", "EINVAL", "EIO", "ENOSPC", "ESPIPE"),
    partial=True,
)
