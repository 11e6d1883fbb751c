"""Take mapped memory away."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, address: int, length: int) -> int | Failure:
    """Where nothing is mapped nothing is done, and that is no error."""
    space = process.space
    if address % space.page or not 0 < length <= space.highest or address + length > space.highest:
        return Failure("EINVAL")
    if process.beyond_range(length):
        return Failure("EINVAL")
    space.unmap(address, space.whole_pages(length))
    return 0
