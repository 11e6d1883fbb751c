"""Write bytes at an open file's offset, which moves on. It may take fewer than given."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="write",
    family="files",
    summary="Write bytes at an open file's offset, which moves on. It may take fewer than given.",
    arguments=(
        Argument("fd", "fd"),
        Argument("buffer", "bytes-in", length="length"),
        Argument("length", "size"),
    ),
    result="size",
    unlocks=("std::io::stdout", "std::io::stderr", "the panic message", "std::fs::File as Write"),
    weight=10,
    errors=("EBADF", "EINTR", "ENOSPC", "EPIPE", "EIO"),
    partial=True,
)
