"""What a person sees of `ledger show`: how a call is made, and a line for each call."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.ledger_show import Result


def view(result: Result, console: Console) -> None:
    """Print the convention, the calls by number, the errors and what is not offered."""
    abi = result.abi
    console.print(Text(str(result.ledger), style="bold"))
    _say(
        console,
        f"trap {abi.trap} of {abi.cpu}: number in {abi.number}, arguments in {' '.join(abi.arguments)}",
    )
    _say(console, f"result in {abi.result} ({abi.error}), destroys {' '.join(abi.clobbers) or 'nothing'}")
    rows = [("number", "call", "operation", "arguments")]
    for call in result.calls:
        numbers = " ".join(str(number) for number in (call.number, *call.aliases))
        passed = "?" if call.arguments is None else ", ".join(call.arguments)
        rows.append((call.symbol or numbers, call.name, call.operation or "", passed))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    console.print()
    for index, row in enumerate(rows):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        console.print(Text(f"{cells}  {row[3]}".rstrip(), style="" if index else "bold"))
    console.print()
    _say(console, f"errors: {', '.join(f'{row.number} {row.name}' for row in result.errors) or 'none'}")
    _say(console, f"operations not offered: {', '.join(result.not_offered) or 'none'}")


def _say(console: Console, text: str) -> None:
    """A line in which brackets are no markup."""
    console.print(Text(text))
