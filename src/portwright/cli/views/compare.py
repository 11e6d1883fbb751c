"""What a person sees of `compare`: a line for each program, then where the two sides part."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.compare import Result


def view(result: Result, console: Console) -> None:
    """Print the table, the differences, and the count."""
    console.print(
        Text(f"{result.port}: engine {result.engine} against this machine's kernel, seed {result.seed}")
    )
    name = max((len(row.name) for row in result.rows), default=0)
    for row in result.rows:
        style = "green" if row.verdict.passed else "bold red"
        line = Text(f"{'agrees' if row.verdict.passed else row.verdict.outcome:13}", style=style)
        line.append(f"  {row.name:{name}}  {row.calls:6} calls  {row.seconds:6.2f} s", style="default")
        if not row.verdict.passed:
            line.append(f"  {row.verdict.detail}", style="bold default")
        console.print(line)
    for row in result.rows:
        if not row.verdict.passed and row.verdict.evidence:
            console.print(Text(f"\n{row.name}:", style="bold"))
            console.print(Text(row.verdict.evidence))
    agreed = sum(row.verdict.passed for row in result.rows)
    calls = "" if result.calls_compared else "; calls are not compared: an emulator hides them"
    console.print(Text(f"{agreed} of {len(result.rows)} programs do the same on both{calls}"))
