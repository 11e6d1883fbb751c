"""What a person sees of `portwright codegen`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from portwright.jobs.codegen import Result

MOST = 20


def view(result: Result, console: Console) -> None:
    """A line per level and CPU, and the programs that differ below it."""
    console.print(f"{result.port}: {result.compiler}", style="bold", markup=False)
    for row in result.rows:
        where = f"opt-level {row.level} {row.cpu}".rstrip()
        console.print(f"  {where:<22} {row.right} of {row.programs} right  {row.seconds:.1f} s", markup=False)
        for each in row.differences[:MOST]:
            console.print(f"    {each.program}: {each.seen}, expected {each.expected}", markup=False)
            if each.cause:
                console.print(f"      {each.cause}", markup=False)
        if len(row.differences) > MOST:
            console.print(f"    and {len(row.differences) - MOST} more (--json has all)", markup=False)
    for path in result.reports:
        console.print(f"  report: {path}", markup=False)
