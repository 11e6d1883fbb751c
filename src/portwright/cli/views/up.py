"""What a person sees of `up`: a table of criteria and verdicts, the evidence of what did not pass, a last line."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from portwright.jobs.up import Result

STYLES = {"passed": "green", "not-run": "yellow", "could-not-run": "yellow"}


def view(result: Result, console: Console) -> None:
    """Print the table, the evidence, and the count."""
    console.print(Text(f"{result.port}: {result.summary}"))
    ledger = f", ledger {result.ledger}" if result.ledger else ""
    console.print(Text(f"{result.toolchain}; engine {result.engine}, seed {result.seed}{ledger}"))
    table = Table(box=None, pad_edge=False)
    for title, justify in (("verdict", "left"), ("", "left"), ("criterion", "left"), ("seconds", "right")):
        table.add_column(title, justify=justify, no_wrap=title != "criterion")  # type: ignore[arg-type]
    for row in result.rows:
        outcome = Text(row.verdict.outcome, style=STYLES.get(row.verdict.outcome, "bold red"))
        criterion = Text(row.criterion)
        if row.verdict.detail and not row.verdict.passed:
            criterion.append(f"\n{row.verdict.detail}", style="bold")
        table.add_row(outcome, Text(row.name), criterion, f"{row.seconds:.2f}")
    console.print(table)
    for row in result.rows:
        if not row.verdict.passed and row.verdict.evidence:
            console.print(Text(f"\n{row.name}:", style="bold"))
            console.print(Text(row.verdict.evidence))
    passed = sum(row.verdict.passed for row in result.rows)
    console.print(Text(f"{passed} of {len(result.rows)} criteria passed in {result.seconds:.1f} s"))
