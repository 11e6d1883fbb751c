"""What a person sees of `emit`: what was written, how to build it, and what came out otherwise."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.base.visible import visible
from portwright.jobs.emit import Result

MOST = 40


def view(result: Result, console: Console) -> None:
    """Print it in a few lines; each difference in one."""
    told = f"{result.steps:,} steps in {result.files:,} files ({result.changed:,} new or changed)"
    _line(console, f"{result.folder}: {result.form}, {told}")
    if result.derivation:
        _line(console, f"in the store: {result.derivation}")
    if not result.verified:
        return
    for row in result.differences[:MOST]:
        _line(console, f"differs: {row.path} ({row.step}, {row.id}): {row.why}", "bold red")
    more = len(result.differences) - MOST
    if more > 0:
        _line(console, f"and {more:,} more", "bold red")
    same = result.compared - len(result.differences)
    _line(
        console,
        f"built and compared: {same:,} of {result.compared:,} outputs are the recorded ones, byte by byte",
    )


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(visible(text), style=style), soft_wrap=True)
