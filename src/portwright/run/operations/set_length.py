"""Cut an open file to a length in bytes, or extend it with zeros."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, fd: int, length: int) -> int | Failure:
    """A file longer than all that the guest may write is EFBIG."""
    file = process.files.get(fd)
    if length < 0:
        return Failure("EINVAL")
    if length > process.limits.output:
        return Failure("EFBIG")
    file.set_length(length)
    return 0
