"""What a person sees of `boot`: the verdicts, what a command printed, what may explain a bad one."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.boot import Result, Row, Run

STYLES = {"passed": "green", "not-run": "yellow", "could-not-run": "yellow"}


def view(result: Result, console: Console) -> None:
    """Each boot; of many only the counts and the first bad one."""
    console.print(Text(f"{result.port}, machine {result.machine}: {result.runs[0].how}"))
    shown = result.runs
    if len(result.runs) > 1:
        console.print(_line(Row("boots", result.verdict), 0))
        bad = [run for run in result.runs if not run.verdict.passed]
        shown = (bad or list(result.runs))[:1]  # type: ignore[assignment]
    for run in shown:
        _run(run, console)


def _run(run: Run, console: Console) -> None:
    width = max(len(row.verdict.outcome) for row in run.rows)
    for row in run.rows:
        console.print(_line(row, width))
        if row.output:
            console.print(Text(row.output.rstrip("\n")))
    for row in run.rows:
        if row.verdict.evidence and not row.verdict.passed and row.verdict.outcome != "not-run":
            console.print(Text(f"\n{row.name}, the last of it:", style="bold"))
            console.print(Text(row.verdict.evidence))
    for known in run.known:
        console.print(Text(f"\nknown failure {known.name} ({known.confidence}): {known.line}", style="bold"))
        console.print(Text(f"  cause: {known.cause}\n  cure:  {known.cure}"))
    if run.divergence is not None:
        console.print(Text("\nfirst difference from the last good boot:", style="bold"))
        console.print(Text(run.divergence.text()))
    if not run.verdict.passed:
        console.print(Text(f"\ntranscript: {run.transcript}"))
        if run.by_hand:
            console.print(Text(f"by hand: {run.by_hand}"))


def _line(row: Row, width: int) -> Text:
    line = Text(f"{row.verdict.outcome:{width}}", style=STYLES.get(row.verdict.outcome, "bold red"))
    line.append(f"  {row.name}", style="default")
    if row.verdict.detail:
        line.append(f": {row.verdict.detail}", style="default")
    return line
