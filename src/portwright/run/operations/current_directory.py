"""Write the current directory's path with a NUL; the result is its length, with the NUL where the ledger says so."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, buffer: int, length: int) -> int | Failure:
    """A buffer that is too short is ERANGE."""
    path = process.files.current_path()
    if length <= len(path):
        return Failure("ERANGE")
    process.check_buffer(buffer, length, Access.WRITE)
    process.engine.write(buffer, path + b"\0")
    _, call = process.ledger.offers["current_directory"]
    return len(path) + call.counts_nul
