"""What a person sees of `image mkdir`: what was done, and the number by which it can be undone."""

from __future__ import annotations

from rich.console import Console

from portwright.cli import images
from portwright.pack.session import Changed


def view(result: Changed, console: Console) -> None:
    """Print the edit."""
    images.changed(result, console)
