"""What a person sees of `new`: the files that were written and what to do next."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from portwright.jobs.new import Result


def view(result: Result, console: Console) -> None:
    """Print the files, and the next commands."""
    here = Path.cwd()
    folder = result.folder.relative_to(here) if result.folder.is_relative_to(here) else result.folder
    for name in result.files:
        console.print(Text(f"{folder / name}"))
    console.print()
    console.print(Text(f"like {result.like}; put your system's facts into abi.toml, then:"))
    console.print(Text(f"    portwright check {folder}"))
    console.print(Text(f"    portwright up {folder}"))
