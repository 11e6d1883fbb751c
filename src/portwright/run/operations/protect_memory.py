"""Change what may be done with mapped memory."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.protection import access_of


def perform(process: Process, address: int, length: int, protection: frozenset[str] | None) -> int | Failure:
    """All of the range must be mapped (ENOMEM)."""
    space = process.space
    access = access_of(protection or frozenset())
    if access is None or address % space.page or length > space.highest or process.beyond_range(length):
        return Failure("EINVAL")
    if process.ledger.memory.write_execute == "refused" and access & Access.WRITE and access & Access.EXECUTE:
        return Failure("EPERM")
    if length:
        space.protect(address, space.whole_pages(length), access)
    return 0
