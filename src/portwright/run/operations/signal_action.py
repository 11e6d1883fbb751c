"""Say what a signal does to the process: its default, nothing, or a handler."""

from __future__ import annotations

from collections.abc import Mapping

from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.signals import FIXED


def perform(
    process: Process, signal: str, action: Mapping[str, int] | None, old: int | None, length: int
) -> int | Failure:
    """A null action only asks for the old one. What ends a process for good cannot be changed."""
    if not signal.startswith("SIG") or (action is not None and signal in FIXED):
        return Failure("EINVAL")
    signals = process.signals
    before = signals.action(signal)
    if old:
        process.put_struct("sigaction", old, before)
    if action is not None:
        signals.set_action(signal, action)
    return 0
