"""What a person sees of `ledger show`: how a call is made, and a table of the calls."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from portwright.jobs.ledger_show import Result


def view(result: Result, console: Console) -> None:
    """Print the convention, the calls by number, the errors and what is not offered."""
    abi = result.abi
    console.print(f"{result.ledger}", style="bold")
    console.print(
        f"trap {abi.trap} of {abi.cpu}: number in {abi.number}, arguments in {' '.join(abi.arguments)}"
    )
    console.print(f"result in {abi.result} ({abi.error}), destroys {' '.join(abi.clobbers) or 'nothing'}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("number", justify="right")
    for name in ("call", "operation", "arguments"):
        table.add_column(name)
    for row in result.calls:
        numbers = (
            " ".join(str(number) for number in (row.number, *row.aliases))
            if row.symbol is None
            else row.symbol
        )
        passed = "?" if row.arguments is None else ", ".join(row.arguments)
        table.add_row(numbers, row.name, row.operation or "", passed)
    console.print()
    console.print(table)
    console.print()
    console.print(f"errors: {', '.join(f'{row.number} {row.name}' for row in result.errors) or 'none'}")
    console.print(f"operations not offered: {', '.join(result.not_offered) or 'none'}")
