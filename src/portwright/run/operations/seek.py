"""Move an open file's offset; the result is the new one, in bytes from the start."""

from __future__ import annotations

import os

from portwright.run.failure import Failure
from portwright.run.process import Process

WHENCE = {"SEEK_SET": os.SEEK_SET, "SEEK_CUR": os.SEEK_CUR, "SEEK_END": os.SEEK_END}


def perform(process: Process, fd: int, offset: int, whence: str) -> int | Failure:
    """A place before the start, or a whence that nobody knows, is EINVAL; what cannot seek is ESPIPE."""
    file = process.files.get(fd)
    if whence not in WHENCE:
        return Failure("EINVAL")
    return file.seek(offset, WHENCE[whence])
