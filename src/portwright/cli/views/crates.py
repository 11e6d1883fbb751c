"""What a person sees of `crates`: a line for each, and under it what it lacks and which tests did not pass."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.crates import Crate, Result

SHOWN = 8


def view(result: Result, console: Console) -> None:
    """The table, then the count."""
    width = max((len(f"{crate.name} {crate.version}") for crate in result.crates), default=0)
    for crate in result.crates:
        title = f"{crate.name} {crate.version}"
        style = "green" if crate.passes else "yellow" if crate.builds else "red"
        console.print(Text(f"{title:<{width}}  {_outcome(crate)}", style=style))
        for line in crate.lacks:
            console.print(Text(f"    lacks: {line}"))
        for name, detail in crate.failures[:SHOWN]:
            first = next(iter(detail.strip().splitlines()), "")
            console.print(Text(f"    {name}: {first}", style="dim"))
        if len(crate.failures) > SHOWN:
            console.print(Text(f"    and {len(crate.failures) - SHOWN} more", style="dim"))
    passed = sum(crate.passes for crate in result.crates)
    console.print(
        Text(
            f"{passed} of {len(result.crates)} crates build and pass their own tests on {result.port} ({result.on})"
        )
    )
    console.print(Text(f"seed {result.seed}, {result.seconds:.0f} s", style="dim"))


def _outcome(crate: Crate) -> str:
    if crate.counts is None:
        return "builds, its tests do not" if crate.builds else "does not build"
    words = f"{crate.counts.passed} of {crate.counts.run} tests pass"
    return words + (f", {crate.counts.ignored} ignored" if crate.counts.ignored else "")
