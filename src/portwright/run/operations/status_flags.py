"""The flags of an open file that all its numbers share: how it was opened, whether it waits."""

from __future__ import annotations

from portwright.run.process import Process

SHOWN = ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_APPEND")


def perform(process: Process, fd: int) -> int:
    """In the ledger's own bits."""
    file, constants = process.files.get(fd), process.ledger.constants
    names = [name for name in SHOWN if name in file.flags] + ["O_NONBLOCK"] * file.nonblocking
    bits = 0
    for name in names:
        bits |= constants.get(name, 0)
    return bits
