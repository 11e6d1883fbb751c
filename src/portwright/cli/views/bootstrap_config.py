"""What a person sees of `bootstrap config`: the file, and the command that records a build with it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.base.processes import paste
from portwright.jobs.bootstrap_config import Result


def view(result: Result, console: Console) -> None:
    """Print the file, what it builds with what, and what to do next."""
    state = "written" if result.changed else "unchanged"
    console.print(Text(f"{result.file}: {state}"))
    console.print(
        Text(f"  Rust {result.version}, stage 0 is {result.rustc} ({result.release}), in {result.build}")
    )
    console.print()
    console.print(Text("record a check of the compiler (half an hour on two cores):"), soft_wrap=True)
    console.print(Text(f"    {paste(result.command)}"), soft_wrap=True)
