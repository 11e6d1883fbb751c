"""Describe the terminal that an open file is; ENOTTY where it is none."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, fd: int, status: int) -> int:
    """Only the streams that the guest was given as they are can be terminals."""
    found = process.files.get(fd).terminal()
    if status:
        process.put_struct("termios", status, found)
    return 0
