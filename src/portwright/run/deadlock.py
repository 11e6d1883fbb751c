"""The end of a run in which every thread waits for what only another could do: who waits for what, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portwright.run.events import Died, Report, ThreadState

if TYPE_CHECKING:
    from portwright.run.kernel import Kernel
    from portwright.run.thread import Thread

SIGKILL = 9


def deadlock_end(kernel: Kernel) -> Died:
    """The report, with a backtrace of each thread."""
    threads = [thread for process in kernel.processes.values() for thread in process.threads.values()]
    states = tuple(_state(kernel, thread) for thread in threads)
    first = states[0] if states else None
    count = f"all {len(states)} threads wait" if len(states) > 1 else "the only thread waits"
    what = f"deadlock: {count} for what no other will do"
    if first is not None and len(states) == 1:
        what = f"deadlock: the only thread waits for {first.waits_for}, and there is nobody to end that"
    calls = kernel.first.reporter.calls() if kernel.first.reporter is not None else ()
    backtrace = first.backtrace if first is not None and len(states) == 1 else ()
    advice = (
        "two locks taken in two orders, a wake-up that came too early, or a thread that was never started"
    )
    return Died(
        SIGKILL, Report("deadlock", what, "", backtrace, calls, advice, states if len(states) > 1 else ())
    )


def _state(kernel: Kernel, thread: Thread) -> ThreadState:
    kernel.load(thread)
    reporter = thread.process.reporter
    backtrace = reporter.backtrace() if reporter is not None else ()
    waits_for = thread.wait.what if thread.wait is not None else "nothing"
    if thread.process.held:
        waits_for = "its parent to wait for it"
    return ThreadState(thread.process.id, thread.id, thread.name, waits_for, backtrace)
