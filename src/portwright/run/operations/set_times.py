"""Set when the file that a path names was read and changed, following symbolic links."""

from __future__ import annotations

from collections.abc import Mapping

from portwright.run import file_properties
from portwright.run.process import Process


def perform(process: Process, path: bytes, times: Mapping[str, int]) -> int:
    """UTIME_OMIT and UTIME_NOW are heeded where the ledger has them."""
    file_properties.set_times(process.files, process.ledger, path, times, follow=True)
    return 0
