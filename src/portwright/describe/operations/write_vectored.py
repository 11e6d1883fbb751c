"""Write the bytes of several buffers, one after the other, at an open file's offset."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="write_vectored",
    family="files",
    summary="Write the bytes of several buffers, one after the other, at an open file's offset.",
    arguments=(
        Argument("fd", "fd"),
        Argument("vectors", "vectors-in", length="count", type="iovec"),
        Argument("count", "size"),
    ),
    result="size",
    unlocks=("std::io::Write::write_vectored in one call",),
    weight=2,
    errors=("EBADF", "EINTR", "EINVAL", "EPIPE", "EIO", "ENOSPC"),
    partial=True,
)
