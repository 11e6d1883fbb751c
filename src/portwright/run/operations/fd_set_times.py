"""Set when an open file was read and changed."""

from __future__ import annotations

from collections.abc import Mapping

from portwright.run.file_properties import moments
from portwright.run.process import Process


def perform(process: Process, fd: int, times: Mapping[str, int]) -> int:
    """UTIME_OMIT and UTIME_NOW are heeded where the ledger has them."""
    process.files.get(fd).set_times(lambda status: moments(process.ledger, times, status))
    return 0
