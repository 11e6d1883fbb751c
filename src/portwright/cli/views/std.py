"""What a person sees of `std`: what works, then what would pay most, then what no ledger can give yet."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from portwright.describe.std_support import Support
from portwright.jobs.std import Result


def view(result: Result, console: Console) -> None:
    """Print the operations that work and those that would unlock something."""
    console.print(f"{result.target}, {result.ledger.name}: ", style="bold", end="")
    total = len(result.works) + len(result.missing)
    console.print(f"{len(result.works)} of {total} operations that std uses are there")
    console.print()
    _table(result.works, "works through", console)
    if result.missing:
        console.print()
        _table(result.missing, "would unlock", console)
    if not result.runs:
        console.print("\nNo program of std runs without write, exit and memory.", style="bold red")
    console.print("\nNot in std's layer yet, whatever the ledger offers:")
    for row in result.beyond:
        console.print(f"  {row.name}{f' ({row.remark})' if row.remark else ''}", highlight=False)


def _table(rows: tuple[Support, ...], how: str, console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("weight", justify="right")
    table.add_column("operation")
    table.add_column(how)
    table.add_column("what std gains", overflow="fold")
    for row in rows:
        says = [*row.unlocks, *(f"lacks {lack}" for lack in row.lacks), *row.remarks]
        table.add_row(str(row.weight), row.operation, row.call or f"({row.state})", "\n".join(says))
    console.print(table)
