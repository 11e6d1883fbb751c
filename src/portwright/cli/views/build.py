"""What a person sees of `portwright build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portwright.cli.steps import show_steps

if TYPE_CHECKING:
    from rich.console import Console

    from portwright.build.backends import Report
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
    for name, report in result.backends.items():
        console.print(f"  {name:<10} {_backend(report)}", markup=False)
        for row in report.fallbacks:
            of = row.function or row.module
            console.print(f"    fell back: {of}: {row.done} for {row.asked} ({row.why})", markup=False)
    for name, path in result.images.items():
        console.print(f"  {name:<10} {path}", markup=False)
    if result.configured is not None:
        console.print(f"  configured {result.configured}", markup=False)


def _backend(report: Report) -> str:
    """One line of what the port's backend did for a program."""
    mended = ", ".join(f"{count} x {name}" for name, count in report.errata.items()) or "none"
    native = ", ".join(report.native) or "none"
    return f"-O{report.level}; mended: {mended}; fallbacks: {len(report.fallbacks)}; native parts: {native}"
