"""What a person sees of `image check`: what was looked at, and everything that is wrong with it."""

from __future__ import annotations

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_check import Result


def view(result: Result, console: Console) -> None:
    """Print the findings by image."""
    for line in result.mended:
        images.say(f"mended: {line}", console, "green")
    if result.edit is not None:
        images.say(f"that was edit {result.edit}; `image undo` takes it back", console)
    for each in result.checked:
        rows = [row for row in result.findings if row.image == each.image]
        clean = "" if rows else ": clean"
        images.say(f"{each.image}: {each.says}{clean}", console, "bold" if rows else "green")
        for row in rows:
            place = f"{images.name(row.path)}: " if row.path else ""
            at = f" at {row.address:#x}" if row.address is not None else ""
            more = " (can be mended: --repair)" if row.mends else ""
            images.say(f"  {row.severity}{at}: {place}{row.what} [{row.code}]{more}", console)
            if row.hint:
                images.say(f"    hint: {row.hint}", console)
