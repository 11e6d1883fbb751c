"""What a person sees of `image undo`: what was taken back."""

from __future__ import annotations

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_undo import Result


def view(result: Result, console: Console) -> None:
    """Print the edits that no longer count."""
    for number, text in zip(result.undone, result.done, strict=True):
        images.say(f"undone: {number}  {text}", console)
