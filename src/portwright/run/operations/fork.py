"""Make a copy of the process that goes on from the same place; 0 in the copy, its number in the original."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process) -> int:
    """The copy has the calling thread alone."""
    return process.kernel.programs.fork(process).id
