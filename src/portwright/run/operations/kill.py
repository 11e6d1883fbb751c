"""Send a process a signal."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, process_: int, signal: str) -> int | Failure:
    """0 sends nothing and only asks; a number that is not positive means every process of the machine."""
    targets = process.kernel.processes
    found = list(targets.values()) if process_ <= 0 else [targets[process_]] if process_ in targets else []
    if not found:
        return Failure("ESRCH")
    if signal == "0x0":
        return 0
    if not signal.startswith("SIG"):
        return Failure("EINVAL")
    for target in found:
        target.signals.deliver(signal, why=f"process {process.id} sent it")
    return 0
