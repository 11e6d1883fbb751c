"""Go on in two threads: the new one on `stack` with result 0, the caller with the new one's id."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="thread_clone",
    family="threads",
    summary="Go on in two threads: the new one on `stack` with result 0, the caller with the new one's id.",
    arguments=(
        Argument("flags", "flags", constants="CLONE_"),
        Argument("stack", "address"),
        Argument("parent_tid", "address", optional=True),
        Argument("child_tid", "address", optional=True),
        Argument("thread_pointer", "address"),
    ),
    result="integer",
    unlocks=("std::thread::spawn", "std::thread::scope", "std::thread::Builder"),
    weight=7,
    errors=("EAGAIN", "EINVAL", "ENOMEM"),
    returns_twice=True,
    begins="thread",
)
