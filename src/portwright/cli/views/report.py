"""What a person sees of `report`: the report itself, or where it is now and what it says first."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.report import Result


def view(result: Result, console: Console) -> None:
    """The text as it is, to be redirected; or one line on the file."""
    if result.file is None:
        console.out(result.text, end="", highlight=False)
        return
    console.print(Text(result.report.headline))
    console.print(Text(f"{'wrote' if result.changed else 'nothing changed:'} {result.file}"))
