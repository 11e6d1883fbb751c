"""Set the permissions of the file that a path names, following symbolic links."""

from __future__ import annotations

from portwright.run import file_properties
from portwright.run.process import Process


def perform(process: Process, path: bytes, mode: int | None) -> int:
    """The bits that give a program its owner's rights are not set: this is the host's file too."""
    file_properties.change_mode(process.files, path, mode or 0)
    return 0
