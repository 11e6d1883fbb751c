"""The process's number."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process) -> int:
    """One process, one number: the same at every call."""
    return process.id
