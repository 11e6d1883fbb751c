"""Wait until a thread has ended; its status goes to `result` (address 0: nowhere)."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.waiting import Wait


def perform(process: Process, thread: int, result: int) -> int | Failure:
    """A thread can be joined once."""
    target = process.threads.get(thread)
    if target is process.thread:
        return Failure("EDEADLK")
    if target is not None:
        if not process.thread.waited and process.interrupted():
            return Failure("EINTR")
        raise Wait(f"the end of thread {thread}", ready=lambda: target.over)
    if thread not in process.unjoined:
        return Failure("ESRCH")
    if result:
        size = process.cpu.pointer_size
        status = process.unjoined[thread] & (1 << process.cpu.pointer_bits) - 1
        process.space.write(result, status.to_bytes(size, process.cpu.endian))
    del process.unjoined[thread]
    return 0
