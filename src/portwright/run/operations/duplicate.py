"""Give an open file a second number, the lowest that is free."""

from __future__ import annotations

from portwright.describe.ledger import Fixed
from portwright.run.process import Process


def perform(process: Process, fd: int) -> int:
    """A call that fixes F_DUPFD_CLOEXEC keeps the new number from programs that are started, and a number that it
    fixes is the lowest that it gives."""
    _, call = process.ledger.offers["duplicate"]
    numbers = [one.value for one in call.arguments or [] if isinstance(one, Fixed)]
    lowest = next((value for value in numbers if isinstance(value, int)), 0)
    return process.files.duplicate(fd, stays=call.fixes("F_DUPFD_CLOEXEC"), lowest=lowest)
