"""Read bytes at an open file's offset into several buffers, one after the other; 0 at the end."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="read_vectored",
    family="files",
    summary="Read bytes at an open file's offset into several buffers, one after the other; 0 at the end.",
    arguments=(
        Argument("fd", "fd"),
        Argument("vectors", "vectors-out", length="count", type="iovec"),
        Argument("count", "size"),
    ),
    result="size",
    unlocks=("std::io::Read::read_vectored in one call",),
    weight=2,
    errors=("EBADF", "EINTR", "EINVAL", "EISDIR", "EIO"),
    partial=True,
)
