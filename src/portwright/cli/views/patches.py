"""What a person sees of `patches`: what does not simply apply, how many do, and the compiler's errors by cause."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.patches import Result

WORDS = {"applies": "apply", "moved": "moved", "changed": "changed", "gone": "gone"}
STYLES = {"applies": "green", "moved": "yellow", "changed": "yellow", "gone": "red"}


def view(result: Result, console: Console) -> None:
    """Print a line for each edit that needs work, the counts, and a line for each cause."""
    for fate in result.fates:
        if fate.outcome != "applies":
            line = Text(f"{fate.outcome:8}", style=STYLES[fate.outcome])
            line.append(f"{fate.path}: {fate.edit}\n", style="default")
            line.append(f"        {fate.place}: {fate.found}", style="dim")
            console.print(line)
    release = f"Rust {result.version}" if result.version else "an unknown version"
    counts = ", ".join(f"{number} {WORDS[name]}" for name, number in result.counts.items() if number)
    carried = f" ({result.carried} of these fit in another form)" if result.carried else ""
    console.print(Text(f"{len(result.fates)} edits against {release} in {result.tree}: {counts}{carried}"))
    compiled = result.compiled
    errors = "1 error" if compiled.errors == 1 else f"{compiled.errors} errors"
    words = {"compiles": "std compiles", "errors": f"std does not compile: {errors}"}
    console.print(Text(f"{words.get(compiled.outcome, 'std was not compiled')}: {compiled.detail}"))
    for group in compiled.groups:
        code = f"{group.code} " if group.code else ""
        console.print(Text(f"{group.count:5} x {code}{group.cause}"))
        console.print(Text(f"        {group.example}\n        {', '.join(group.places)}", style="dim"))
