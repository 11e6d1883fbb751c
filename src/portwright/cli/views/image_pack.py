"""What a person sees of `image pack`: the image and what is in it."""

from __future__ import annotations

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_pack import Result


def view(result: Result, console: Console) -> None:
    """Print it in two lines."""
    made = result.image
    kinds = f"{made.files:,} files, {made.folders:,} folders, {made.symlinks:,} symlinks"
    images.say(f"{made.path}: {made.format}, {images.amount(made.size)}, {kinds}", console)
    if made.manifest:
        images.say(f"manifest {made.manifest}", console)
