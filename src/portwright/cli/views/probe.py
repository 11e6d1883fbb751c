"""What a person sees of `probe`: each fact in a row, and for each that differs what to write in abi.toml."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.probe import Result
from portwright.judge.probe_report import Row

STYLES = {"agrees": "green", "differs": "bold red", "not-reported": "yellow"}
WIDEST = 44


def view(result: Result, console: Console) -> None:
    """Print the table, the changes, and the count."""
    if result.emitted is not None:
        console.print(Text(f"wrote {result.emitted}: see its README"), soft_wrap=True)
        return
    console.print(Text(f"{result.port}: {result.where}"), soft_wrap=True)
    fact = max(len(row.fact) for row in result.rows)
    ledger = min(WIDEST, max(len(row.ledger) for row in result.rows))
    for row in result.rows:
        console.print(_line(row, fact, ledger), soft_wrap=True)
    if result.broken_off:
        console.print(Text(f"the report is not whole: {result.broken_off}", style="bold red"), soft_wrap=True)
    for row in result.rows:
        if row.agreement == "differs":
            change = f"in abi.toml: {row.change}" if row.change else "see the ledger's call, or the kernel"
            console.print(Text(f"{row.fact} is {row.seen}, not {row.ledger}\n  {change}"), soft_wrap=True)
    counts = ", ".join(f"{count} {name.replace('-', ' ')}" for name, count in sorted(result.counts.items()))
    console.print(Text(f"{len(result.rows)} facts: {counts}"), soft_wrap=True)


def _line(row: Row, fact: int, ledger: int) -> Text:
    line = Text(f"{row.agreement:12}", style=STYLES[row.agreement])
    said = row.ledger if len(row.ledger) <= WIDEST else row.ledger[: WIDEST - 3] + "..."
    line.append(f"  {row.fact:{fact}}  {said:{ledger}}  {row.seen}", style="default")
    return line
