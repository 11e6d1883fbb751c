"""What a person sees of `image extract`: how much was taken out, and what was left out."""

from __future__ import annotations

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_extract import Result


def view(result: Result, console: Console) -> None:
    """Print the numbers."""
    for line in result.skipped:
        images.say(f"left out: {line}", console, "yellow")
    kinds = f"{result.files:,} files, {result.folders:,} folders, {result.symlinks:,} symlinks"
    images.say(f"{result.output}: {kinds}, {images.amount(result.bytes)}", console)
