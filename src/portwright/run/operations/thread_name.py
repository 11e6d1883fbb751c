"""Name the calling thread, for debuggers and the kernel's reports."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, name: bytes) -> int:
    """Reports show all of it, though a kernel may keep less."""
    process.thread.name = name.decode("utf-8", "replace")
    return 0
