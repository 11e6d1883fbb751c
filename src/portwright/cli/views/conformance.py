"""What a person sees of `conformance`: a table of suites, what did not pass and why, the comparisons, a last line."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.conformance import Result, Suite
from portwright.judge.conformance import Failure

MOST_FAILURES = 40
COLUMNS = ("passed", "failed", "crashed", "hung", "not_run", "ignored")


def view(result: Result, console: Console) -> None:
    """Print it."""
    ledger = f", ledger {result.ledger}" if result.ledger else ""
    console.print(Text(f"{result.port}: {result.summary}"))
    console.print(
        Text(f"{result.toolchain}; on {result.on}, panic={result.panic}, seed {result.seed}{ledger}")
    )
    width = max(len("suite"), *(len(suite.name) for suite in result.suites))
    heads = " ".join(f"{name.replace('_', ' '):>8}" for name in COLUMNS)
    console.print(Text(f"{'suite':{width}} {heads}        %  seconds", style="bold"))
    for suite in result.suites:
        if suite.error or suite.counts.run or suite.counts.ignored:
            console.print(_line(suite, width))
    unexpected = [failure for failure in result.failures if failure.reason is None]
    for failure in unexpected[:MOST_FAILURES]:
        _failure(failure, console)
    if len(unexpected) > MOST_FAILURES:
        console.print(Text(f"... and {len(unexpected) - MOST_FAILURES} more in {result.kept}"))
    _comparisons(result, console)
    counts = result.counts
    expected = len(result.failures) - len(unexpected)
    known = f", {expected} failures expected" if expected else ""
    console.print(
        Text(
            f"{counts.passed} of {counts.run} tests passed ({counts.share:.2f} %){known} in {result.seconds:.1f} s"
        )
    )


def _line(suite: Suite, width: int) -> Text:
    if suite.error:
        line = Text(f"{suite.name:{width}} ")
        return line.append(suite.error.splitlines()[0], style="bold red")
    counts = suite.counts
    numbers = " ".join(f"{getattr(counts, name) or '-':>8}" for name in COLUMNS)
    style = "default" if counts.passed == counts.run else "bold"
    share = f"{counts.share:8.2f}" if counts.run else " " * 8
    return Text(f"{suite.name:{width}} {numbers} {share} {suite.seconds:8.2f}", style=style)


def _failure(failure: Failure, console: Console) -> None:
    console.print(Text(f"\n{failure.result}: {failure.suite} {failure.test}", style="bold red"))
    for line in failure.detail.strip().splitlines()[-12:]:
        console.print(Text(f"  {line}"))


def _comparisons(result: Result, console: Console) -> None:
    for row in result.against:
        lost = f"; not passed here: {', '.join(row.missing[:5])}" if row.missing else ""
        lost += " ..." if len(row.missing) > 5 else ""
        absent = f" ({len(row.absent)} are not for this target or ignored)" if row.absent else ""
        console.print(
            Text(f"{row.suite}: {row.passed} of the {row.host_passed} that pass on the host{absent}{lost}")
        )
    if result.compared is not None:
        console.print(Text(f"against the last run: {result.compared.text}"))
        for name in result.compared.worse[:10]:
            console.print(Text(f"  worse: {name}", style="bold red"))
    for line in result.expired:
        console.print(Text(f"expired: {line}", style="bold red"))
