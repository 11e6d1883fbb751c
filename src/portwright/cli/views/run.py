"""What a person sees of `portwright run` beside the program's own output: reports, on standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from portwright.run.events import Died, Injected

if TYPE_CHECKING:
    from rich.console import Console

    from portwright.jobs.run import Result


def view(result: Result, console: Console) -> None:
    """Captured output goes where it belongs; reports, and how to repeat the run, only where there are any."""
    outcome = result.outcome
    for stream, data in ((sys.stdout, outcome.stdout), (sys.stderr, outcome.stderr)):
        if data and stream is not None:  # None: it was closed when portwright was started
            stream.buffer.write(data)
            stream.flush()
    reports = list(outcome.reports)
    if isinstance(outcome.end, Died):
        reports.append(outcome.end.report)
    for report in reports:
        print(f"portwright: {report.text()}", file=sys.stderr)
    for fault in outcome.faults:
        if not fault.struck:
            print(f"portwright: {never(fault)}", file=sys.stderr)
    if reports:
        by_clock = outcome.preemptions
        doubt = (
            f" (but {by_clock} turns of threads ended by the clock: they may end elsewhere)"
            if by_clock
            else ""
        )
        print(f"portwright: the same run again: --seed {result.seed}{doubt}", file=sys.stderr)


def never(fault: Injected) -> str:
    """That a fault which was asked for did not happen, and how near it came."""
    calls = f"{fault.matched} call{'' if fault.matched == 1 else 's'}"
    return f"the fault {fault.rule} never happened: {calls} matched it"
