"""Lock an open file, or unlock it; the lock is the open file's, shared by what it is duplicated to."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="lock_file",
    family="files",
    summary="Lock an open file, or unlock it; the lock is the open file's, shared by what it is duplicated to.",
    arguments=(
        Argument("fd", "fd"),
        Argument("operation", "flags", constants="LOCK_"),
    ),
    result="none",
    unlocks=("std::fs::File::lock", "std::fs::File::try_lock"),
    weight=2,
    errors=("EBADF", "EINTR", "EINVAL", "EWOULDBLOCK"),
)
