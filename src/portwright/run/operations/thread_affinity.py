"""The processors that a thread may run on, as bits; 0 is the caller. Answers the bytes written."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, thread: int, length: int, mask: int) -> int | Failure:
    """Whole words, as many as hold all processors."""
    if thread not in (0, process.id) and thread not in process.threads:
        return Failure("ESRCH")
    word = process.cpu.pointer_size
    if length < word or length % word:
        return Failure("EINVAL")
    process.check_buffer(mask, word, Access.WRITE)
    bits = (1 << process.kernel.processors) - 1
    process.space.write(mask, bits.to_bytes(word, process.cpu.endian))
    return word
