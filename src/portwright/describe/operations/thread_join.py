"""Wait until a thread has ended; its status goes to `result` (address 0: nowhere)."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="thread_join",
    family="threads",
    summary="Wait until a thread has ended; its status goes to `result` (address 0: nowhere).",
    arguments=(
        Argument("thread", "integer"),
        Argument("result", "address", optional=True),
    ),
    result="none",
    unlocks=("std::thread::JoinHandle::join",),
    weight=4,
    errors=("EINVAL", "EINTR", "ESRCH", "EDEADLK"),
)
