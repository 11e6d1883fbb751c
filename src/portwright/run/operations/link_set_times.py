"""Set when what a path names was read and changed, without following a symbolic link at its end."""

from __future__ import annotations

from collections.abc import Mapping

from portwright.run import file_properties
from portwright.run.process import Process


def perform(process: Process, path: bytes, times: Mapping[str, int]) -> int:
    """UTIME_OMIT and UTIME_NOW are heeded where the ledger has them."""
    file_properties.set_times(process.files, process.ledger, path, times, follow=False)
    return 0
