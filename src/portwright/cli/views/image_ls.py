"""What a person sees of `image ls`: names, with `-l` as ls writes them; of a disk, its partitions."""

from __future__ import annotations

import datetime

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_ls import Result
from portwright.pack.listing import Row


def view(result: Result, console: Console) -> None:
    """Print the rows."""
    if result.partitions:
        for each in result.partitions:
            line = f"{each.number:>3}  {each.start:>14,}  {each.size:>14,}  {each.kind:<10}  {each.label}"
            images.say(line.rstrip(), console)
        return
    width = max((len(_size(row)) for row in result.rows), default=1)
    lines = []
    for row in result.rows:
        text = images.label(row)
        if result.recursive:
            text = images.name(row.path) + (
                f" -> {images.name(row.target)}" if row.target is not None else ""
            )
        lines.append(f"{_long(row, width)} {text}" if result.long else text)
    if lines:
        images.say("\n".join(lines), console)


def _size(row: Row) -> str:
    return f"{row.device[0]}, {row.device[1]}" if row.device else str(row.size)


def _long(row: Row, width: int) -> str:
    time = datetime.datetime.fromtimestamp(row.modified, datetime.UTC).strftime("%Y-%m-%d %H:%M")
    return f"{row.letters} {row.links:>2} {row.uid:>4} {row.gid:>4} {_size(row):>{width}} {time}"
