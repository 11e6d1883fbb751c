"""What a person sees of `portwright plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portwright.cli.steps import show_steps

if TYPE_CHECKING:
    from rich.console import Console

    from portwright.jobs.plan import Result


def view(result: Result, console: Console) -> None:
    """The plan as it is, or a table of its steps' states."""
    if result.steps:
        show_steps(result.steps, console, reasons=True)
    else:
        console.out(result.text, end="", highlight=False)
