"""Name the calling thread, for debuggers and the kernel's reports."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="thread_name",
    family="threads",
    summary="Name the calling thread, for debuggers and the kernel's reports.",
    arguments=(Argument("name", "path"),),
    result="none",
    unlocks=("std::thread::Builder::name, seen from outside",),
    weight=1,
    errors=("EFAULT", "EINVAL"),
)
