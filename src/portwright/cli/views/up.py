"""What a person sees of `up`: a table of criteria and verdicts, the evidence of what did not pass, a last line."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.up import Result, Row

STYLES = {"passed": "green", "not-run": "yellow", "could-not-run": "yellow"}


def view(result: Result, console: Console) -> None:
    """Print the table, the evidence, and the count."""
    console.print(Text(f"{result.port}: {result.summary}"))
    ledger = f", ledger {result.ledger}" if result.ledger else ""
    console.print(Text(f"{result.toolchain}; engine {result.engine}, seed {result.seed}{ledger}"))
    outcome = max(len(row.verdict.outcome) for row in result.rows)
    name = max(len(row.name) for row in result.rows)
    for row in result.rows:
        console.print(_line(row, outcome, name))
    for row in result.rows:
        if not row.verdict.passed and row.verdict.evidence:
            console.print(Text(f"\n{row.name}:", style="bold"))
            console.print(Text(row.verdict.evidence))
    passed = sum(row.verdict.passed for row in result.rows)
    console.print(Text(f"{passed} of {len(result.rows)} criteria passed in {result.seconds:.1f} s"))


def _line(row: Row, outcome: int, name: int) -> Text:
    line = Text(f"{row.verdict.outcome:{outcome}}", style=STYLES.get(row.verdict.outcome, "bold red"))
    line.append(f"  {row.name:{name}}  {row.seconds:6.2f} s  {row.criterion}", style="default")
    if row.verdict.detail and not row.verdict.passed:
        line.append(f": {row.verdict.detail}", style="bold default")
    return line
