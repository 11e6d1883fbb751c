"""What a person sees of `sweep`: a table of programs and endings, each case that did not end well, a last line."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.text import Text

from portwright.jobs.sweep import Result
from portwright.judge.sweep import ENDINGS, GOOD

MOST_SHOWN = 40


def view(result: Result, console: Console) -> None:
    """Print the table, what went wrong with how to see it again, and the count."""
    mode = ", kind" if result.kind else ""
    console.print(
        Text(
            f"{result.port}: {len(result.rows)} of {result.cases} cases, engine {result.engine}, "
            f"seed {result.seed}{mode}"
        )
    )
    _table(result, console)
    for program, reason in result.left_out.items():
        console.print(Text(f"not tried: {program}: {reason}", style="yellow"))
    for row in result.bad[:MOST_SHOWN]:
        console.print(Text(f"\n{row.ending}: {row.program}, {row.operation}: {row.detail}", style="bold red"))
        if row.evidence:
            console.print(Text(row.evidence))
        console.print(Text(f"  {result.command(row)}"))
    if len(result.bad) > MOST_SHOWN:
        console.print(Text(f"\nand {len(result.bad) - MOST_SHOWN} more: --json has them all"))
    well = len(result.rows) - len(result.bad)
    console.print(Text(f"{well} of {len(result.rows)} cases ended well in {result.seconds:.1f} s"))


def _table(result: Result, console: Console) -> None:
    endings = [ending for ending in ENDINGS if result.counts.get(ending)]
    names = list(dict.fromkeys(row.program for row in result.rows))
    width = max([len(name) for name in names] + [len("in all")])
    console.print(Text(" ".join([f"{'':{width}}", *(f"{ending:>12}" for ending in endings)])))
    for name in names:
        counts: Counter[str] = Counter(row.ending for row in result.rows if row.program == name)
        console.print(_line(name, width, endings, counts))
    console.print(_line("in all", width, endings, Counter(row.ending for row in result.rows)))


def _line(name: str, width: int, endings: list[str], counts: Counter[str]) -> Text:
    line = Text(f"{name:{width}}")
    for ending in endings:
        style = "default" if ending in GOOD or not counts[ending] else "bold red"
        line.append(f" {counts[ending]:>12}", style=style)
    return line
