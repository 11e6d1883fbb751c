"""Sleep if a 32-bit word still holds `value`, until woken or a relative timeout has passed (null: never)."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="futex_wait",
    family="threads",
    summary="Sleep if a 32-bit word still holds `value`, until woken or a relative timeout has passed (null: never).",
    arguments=(
        Argument("word", "address"),
        Argument("value", "integer"),
        Argument("timeout", "struct-in", type="timespec", optional=True, nullable=True),
    ),
    result="none",
    unlocks=(
        "std::sync::Mutex",
        "std::sync::RwLock",
        "std::sync::Condvar",
        "std::sync::Barrier",
        "std::sync::mpsc",
        "std::thread::park",
    ),
    weight=7,
    errors=("EAGAIN", "EFAULT", "EINTR", "EINVAL", "ETIMEDOUT"),
    varies=("timeout",),
    chance=True,
    settled=("EAGAIN",),
)
