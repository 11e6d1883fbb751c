"""What a person sees of `std`: what works, then what would pay most, then what no ledger can give yet."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from portwright.describe.std_support import Support
from portwright.jobs.std import Result


def view(result: Result, console: Console) -> None:
    """Print the operations that work and those that would unlock something."""
    total = len(result.works) + len(result.missing)
    head = Text(f"{result.target}, {result.ledger.name}: ", style="bold")
    head.append(f"{len(result.works)} of {total} operations that std uses are there", style="not bold")
    console.print(head)
    _table(result.works, "works through", console)
    if result.missing:
        _table(result.missing, "would unlock", console)
    if not result.runs:
        console.print(Text("\nNo program of std runs without write, exit and memory.", style="bold red"))
    console.print("\nNot in std's layer yet, whatever the ledger offers:")
    for row in result.beyond:
        console.print(Text(f"  {row.name}{f' ({row.remark})' if row.remark else ''}"))


def _table(rows: tuple[Support, ...], how: str, console: Console) -> None:
    """A row for each operation; text is text: a `[types.stat]` in it is no markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("weight", justify="right", no_wrap=True)
    table.add_column("operation", no_wrap=True)
    table.add_column(how, no_wrap=True)
    table.add_column("what std gains", overflow="fold")
    for row in rows:
        says = [*row.unlocks, *(f"lacks {lack}" for lack in row.lacks), *row.remarks]
        cells = (str(row.weight), row.operation, row.call or f"({row.state})", "\n".join(says))
        table.add_row(*map(Text, cells))
    console.print()
    console.print(table)
