"""Wake at most `count` threads that sleep on the word; answers how many."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="futex_wake",
    family="threads",
    summary="Wake at most `count` threads that sleep on the word; answers how many.",
    arguments=(
        Argument("word", "address"),
        Argument("count", "integer"),
    ),
    result="integer",
    unlocks=(
        "std::sync::Mutex",
        "std::sync::RwLock",
        "std::sync::Condvar",
        "std::sync::Barrier",
        "std::sync::mpsc",
        "std::thread::park",
    ),
    weight=7,
    errors=("EFAULT", "EINVAL"),
    chance=True,
    settled=("EFAULT", "EINVAL"),  # the word is gone, and all who waited there
)
