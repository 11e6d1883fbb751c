"""What a person sees of `image compose`: the image and what is in it."""

from __future__ import annotations

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_compose import Result


def view(result: Result, console: Console) -> None:
    """Print it in a line."""
    made = result.image
    images.say(f"{made.path}: {made.format}, {images.amount(made.size)}, {made.files:,} files", console)
