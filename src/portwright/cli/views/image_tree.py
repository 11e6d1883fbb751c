"""What a person sees of `image tree`: folders and what is in them, as a tree."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Console

from portwright.cli import images
from portwright.jobs.image_tree import Result
from portwright.pack.listing import Row


def view(result: Result, console: Console) -> None:
    """Print it, a line for each file."""
    inner: dict[str, list[Row]] = defaultdict(list)
    for row in result.rows:
        inner[row.path.rpartition("/")[0] or "/"].append(row)
    lines = [images.name(result.top)]
    waiting: list[tuple[Row, str, bool]] = _of(inner.get(result.top, []), "")
    while waiting:
        row, indent, last = waiting.pop()
        lines.append(f"{indent}{'└── ' if last else '├── '}{images.label(row)}")
        waiting += _of(inner.get(row.path, []), indent + ("    " if last else "│   "))
    images.say("\n".join(lines), console)
    folders = sum(row.kind == "directory" for row in result.rows)
    images.say(f"\n{folders:,} folders, {len(result.rows) - folders:,} files", console)


def _of(rows: list[Row], indent: str) -> list[tuple[Row, str, bool]]:
    """What a folder holds, the last first."""
    return [(row, indent, at == 0) for at, row in enumerate(reversed(rows))]
