"""Set the calling thread's thread pointer (x86-64: FS base) to an address."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="set_thread_pointer",
    family="threads",
    summary="Set the calling thread's thread pointer (x86-64: FS base) to an address.",
    arguments=(Argument("address", "address"),),
    result="none",
    unlocks=("thread_local!", "std::thread::current", "std::io::stdout's lock"),
    weight=8,
    errors=("EINVAL",),
)
