"""What a person sees of `ledger crate`: where the crate is, and what changed in it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.ledger_crate import Result


def view(result: Result, console: Console) -> None:
    """Print the folder and the files that changed."""
    for path in result.changed:
        console.print(Text(f"wrote {result.folder / path}"))
    changed = (
        f"{len(result.changed)} of {len(result.files)} files changed" if result.changed else "nothing changed"
    )
    console.print(Text(f"{result.crate} in {result.folder}: {changed}"))
