"""What a person sees of `ledger diff`: a line for each disagreement, under its table's name."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.ledger_diff import Result

HEADS = {"calls": "calls", "numbers": "numbers that mean two things"}


def view(result: Result, console: Console) -> None:
    """Print what disagrees; what only one of the two has is listed in one line per table."""
    console.print(Text(f"{result.left_ledger}\n{result.right_ledger}"))
    for section in dict.fromkeys(row.section for row in result.differences):
        rows = [row for row in result.differences if row.section == section]
        console.print()
        console.print(Text(HEADS.get(section, section), style="bold"))
        for row in rows:
            if row.left is not None and row.right is not None:
                console.print(Text(f"  {row.says}"))
        for name, alone in (
            (result.left, [row.key for row in rows if row.right is None]),
            (result.right, [row.key for row in rows if row.left is None]),
        ):
            if alone:
                console.print(Text(f"  only in {name}: {', '.join(alone)}"))
    console.print()
    console.print(f"{len(result.differences)} rows differ, {result.agreeing} agree")
