"""Give the file `target` one more name, `path`. A symbolic link itself gets it, where `target` names one."""

from __future__ import annotations

from portwright.run import links
from portwright.run.process import Process


def perform(process: Process, path: bytes, target: bytes) -> int:
    """A directory gets no second name (EPERM), nor does a file in another share (EXDEV)."""
    links.create_link(process.files, path, target)
    return 0
