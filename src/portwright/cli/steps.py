"""The states of a plan's steps, as `plan --explain` and a dry build show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from portwright.build.explain import Explained

_STYLES = {"done": "green", "would-run": "yellow", "not-asked": "dim"}


def show_steps(steps: Sequence[Explained], console: Console, *, reasons: bool) -> None:
    """A line for each step; with `reasons`, why it is there and because of what it would run."""
    for row in steps:
        last = f"  (last: {row.seconds:.1f} s)" if row.seconds is not None else ""
        console.print(f"[{_STYLES[row.state]}]{row.state:<9}[/] [bold]{row.step}[/]{last}")
        if reasons:
            console.print(f"          {row.why}", markup=False)
            for reason in row.because:
                console.print(f"          because {reason}", markup=False)
