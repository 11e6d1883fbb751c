"""What a person sees of `image stamp`: which build this is, and whether files were changed since."""

from __future__ import annotations

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_stamp import Result


def view(result: Result, console: Console) -> None:
    """Print the edit, then a line for each stamp."""
    if result.edit is not None:
        images.changed(result.edit, console)
    if not result.stamps:
        images.say(f"{result.image} holds no stamp", console)
    for each in result.stamps:
        dirty = " with changes" if each.dirty else ""
        fate = "files were changed since" if each.changed else "nothing was changed since"
        images.say(
            f"{images.name(each.path)}: revision {each.commit[:12]}{dirty}, {each.time}: {fate}", console
        )
