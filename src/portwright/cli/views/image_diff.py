"""What a person sees of `image diff`: a line for each difference, contents before the rest."""

from __future__ import annotations

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_diff import Result
from portwright.pack.compare import Difference


def view(result: Result, console: Console) -> None:
    """Print the differences."""
    for head, rows in (
        ("content", [row for row in result.differences if row.of_content]),
        ("the rest", [row for row in result.differences if not row.of_content]),
    ):
        if rows:
            images.say(head, console, "bold")
        for row in rows:
            images.say(f"  {_line(row, result)}", console)
    images.say(f"{len(result.differences)} differences, {result.same} files are the same", console)


def _line(row: Difference, result: Result) -> str:
    path = images.name(row.path)
    if row.aspect == "only-left":
        return f"{path}: only in {result.left} ({row.left})"
    if row.aspect == "only-right":
        return f"{path}: only in {result.right} ({row.right})"
    return f"{path}: {row.aspect}: {images.name(row.left)} / {images.name(row.right)}"
