"""What a person sees of `ledger check`: the findings, then each number that does not agree with the source."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.describe.ledger_finding import Finding
from portwright.describe.ledger_source import Row
from portwright.jobs.ledger_check import Result

STYLES = {"error": "bold red", "warning": "yellow"}
WORDS = {
    "differs": "differs",
    "not-in-source": "not in the source",
    "not-in-ledger": "not in the ledger",
    "unreadable": "cannot be read",
}


def view(result: Result, console: Console) -> None:
    """Print what is wrong, and one line about all of it."""
    for finding in result.findings:
        _finding(finding, console)
    for table in result.tables:
        name = f" `{table.table}`" if table.table else ""
        how = "" if table.by == "ledger" else " (found by its names: [sources] does not lead there)"
        console.print(Text(f"{table.kind}: {table.file}:{table.line}{name}{how}", style="bold"))
    for row in result.rows:
        if row.outcome != "matches":
            console.print(_row(row))
    if result.counts is not None:
        told = [f"{number} {outcome.replace('-', ' ')}" for outcome, number in result.counts.items()]
        console.print(Text(f"source: {', '.join(told) or 'nothing to compare'}"))
    errors = sum(finding.severity == "error" for finding in result.findings)
    warnings = len(result.findings) - errors
    counted = f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}"
    console.print(Text(f"{result.ledger}: {_counted(result.calls, 'call')}, {counted}"))


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _finding(finding: Finding, console: Console) -> None:
    line = Text(f"{finding.where}: ")
    line.append(f"{finding.severity}: ", style=STYLES[finding.severity])
    line.append(f"{finding.what} [{finding.code}]")
    console.print(line)
    if finding.hint:
        console.print(Text(f"  hint: {finding.hint}"))


def _row(row: Row) -> Text:
    line = Text("  ")
    line.append(f"{WORDS[row.outcome]}: ", style="bold red")
    if row.outcome == "not-in-ledger":
        line.append(f"`{row.name}` = {row.source} ({row.source_at})")
    else:
        line.append(f"{row.name} = {row.ledger} ({row.ledger_at})")
        if row.source_name is not None:
            line.append(f", `{row.source_name}` = {row.source} ({row.source_at})")
    if row.hint:
        line.append(f"; {row.hint}")
    return line
