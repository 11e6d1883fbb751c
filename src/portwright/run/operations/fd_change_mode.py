"""Set the permissions of an open file."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, fd: int, mode: int | None) -> int:
    """The bits that give a program its owner's rights are not set: this is the host's file too."""
    process.files.get(fd).change_mode(mode or 0)
    return 0
