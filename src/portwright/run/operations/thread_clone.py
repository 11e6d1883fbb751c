"""Go on in two threads: the new one on `stack` with result 0, the caller with the new one's id."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process

# What two threads of one process share; a clone that shares less would be a process.
SHARED = frozenset({"CLONE_VM", "CLONE_FS", "CLONE_FILES", "CLONE_SIGHAND", "CLONE_THREAD"})
KNOWN = SHARED | {
    "CLONE_SYSVSEM",
    "CLONE_SETTLS",
    "CLONE_PARENT_SETTID",
    "CLONE_CHILD_SETTID",
    "CLONE_CHILD_CLEARTID",
    "CLONE_DETACHED",
}
SIZE = 4


def perform(
    process: Process, flags: frozenset[str], stack: int, parent_tid: int, child_tid: int, thread_pointer: int
) -> int | Failure:
    """The new thread has the caller's registers, as a call that answers 0 leaves them."""
    missing = {name for name in SHARED - flags if name in process.ledger.constants}
    unknown = flags - KNOWN
    if missing or unknown or not stack:
        said = [f"without {name}" for name in sorted(missing)] + [f"with {name}" for name in sorted(unknown)]
        process.complain(
            "not-offered",
            f"a new thread was asked for {', '.join(said) or 'without a stack'}",
            "the userland machine starts threads that share all of their process; a new process is another call",
        )
        return Failure("EINVAL")
    registers = process.dispatcher.returned(0) | {"sp": stack}
    if "CLONE_SETTLS" in flags:
        registers["thread-pointer"] = thread_pointer
    for name, address in (("CLONE_PARENT_SETTID", parent_tid), ("CLONE_CHILD_SETTID", child_tid)):
        if name in flags:
            process.space.write(address, process.space.read(address, SIZE))  # there must be such a word
    thread = process.kernel.start_thread(process, registers)
    for name, address in (("CLONE_PARENT_SETTID", parent_tid), ("CLONE_CHILD_SETTID", child_tid)):
        if name in flags:
            process.space.write(address, thread.id.to_bytes(SIZE, process.cpu.endian))
    if "CLONE_CHILD_CLEARTID" in flags:
        thread.clear_word = child_tid
    return thread.id
