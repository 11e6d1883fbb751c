"""What a person sees of `image log`: a paragraph for each edit."""

from __future__ import annotations

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_log import Result


def view(result: Result, console: Console) -> None:
    """Print the edits, oldest first."""
    if not result.edits:
        images.say("nothing was edited yet", console)
    for each in result.edits:
        fate = f"  (undone by {each.undone})" if each.undone is not None else ""
        takes = f" {', '.join(map(str, each.undoes))}" if each.undoes else ""
        size = images.amount(each.changed_bytes)
        images.say(f"{each.number:>4}  {each.time}  {each.verb}{takes}: {size} changed{fate}", console)
        for line in each.done[: images.SHOWN]:
            images.say(f"      {line}", console)
        if len(each.done) > images.SHOWN:
            images.say(f"      and {len(each.done) - images.SHOWN} more", console)
