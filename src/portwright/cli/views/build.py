"""What a person sees of `portwright build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portwright.cli.steps import show_steps

if TYPE_CHECKING:
    from rich.console import Console

    from portwright.jobs.build import Result


def view(result: Result, console: Console) -> None:
    """Where the outputs lie; in a dry run, what would be done."""
    if result.steps:
        show_steps(result.steps, console, reasons=result.explained)
        return
    console.print(f"built: {', '.join(result.ran)}" if result.ran else "nothing to do", style="bold")
    for name, path in (("spec", result.spec), ("view", result.view), ("sysroot", result.sysroot)):
        if path is not None:
            console.print(f"  {name:<10} {path}", markup=False)
    for path in result.dist:
        console.print(f"  {'dist':<10} {path}", markup=False)
    for name, paths in result.programs.items():
        for path in paths:
            console.print(f"  {name:<10} {path}", markup=False)
    for name, path in result.images.items():
        console.print(f"  {name:<10} {path}", markup=False)
    if result.configured is not None:
        console.print(f"  configured {result.configured}", markup=False)
