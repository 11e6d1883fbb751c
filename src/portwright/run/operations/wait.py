"""Wait until a child has ended and take its status; the result is its number, or 0 where it need not wait."""

from __future__ import annotations

from portwright.describe.ledger import Bits, WaitStatus
from portwright.run.engine import Access
from portwright.run.events import Died, Exited
from portwright.run.failure import Failure
from portwright.run.process import Process
from portwright.run.signals import name
from portwright.run.waiting import Wait


def perform(process: Process, child: int, status: int, options: frozenset[str] | None) -> int | Failure:
    """A number that is not positive means any child. Asking takes an ended child out of the machine."""
    kernel, thread = process.kernel, process.thread
    own = [one for one in kernel.processes.values() if one.parent is process]
    children = [one for one in own if child <= 0 or one.id == child]
    if not children:
        return Failure("ECHILD")
    if status:
        process.check_buffer(status, process.layout("wait_status").size, Access.WRITE)
    ended = next((one for one in children if one.end is not None), None)
    if ended is None:
        if "WNOHANG" in (options or ()):
            return 0
        if not thread.waited and process.interrupted():
            return Failure("EINTR")
        what = f"the end of process {children[0].id}" if len(children) == 1 else "the end of a child"
        raise Wait(
            what,
            ready=lambda: any(one.end is not None for one in children),
            runs=lambda child: child in children,
        )
    assert ended.end is not None
    if status:
        process.put_struct("wait_status", status, {"status": encoded(process, ended.end)})
    kernel.forget(ended)
    return ended.id


def encoded(process: Process, end: Exited | Died) -> int:
    """How a process ended, as the ledger's OS tells it."""
    form: WaitStatus = process.ledger.processes.wait_status
    if isinstance(end, Exited):
        return _put(form.code, end.status)
    if form.signal is None:
        return _put(form.code, 128 + end.signal)
    return _put(form.signal, process.ledger.constants.get(name(end.signal), end.signal))


def _put(bits: Bits, value: int) -> int:
    return (value & ((1 << bits.bits) - 1)) << bits.shift
