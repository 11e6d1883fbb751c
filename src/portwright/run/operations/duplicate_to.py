"""Make a number stand for an open file; what it stood for is closed."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, fd: int, target: int, flags: frozenset[str] | None) -> int | Failure:
    """A call that has flags refuses one number for both, as dup3 does; one that has none answers it."""
    if flags is not None and fd == target:
        return Failure("EINVAL")
    if flags and flags - {"O_CLOEXEC", "O_RDONLY"}:
        return Failure("EINVAL")
    process.files.duplicate_to(fd, target, stays="O_CLOEXEC" in (flags or ()))
    return target
