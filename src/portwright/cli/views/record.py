"""What a person sees of `portwright record` when the command has ended: on standard error, beside its own words."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Console as Written

if TYPE_CHECKING:
    from rich.console import Console

    from portwright.jobs.record import Result

MOST = 8
"""Impurities that are shown one by one."""


def view(result: Result, console: Console) -> None:
    """Where the recording is, what it holds, and what stands in the way of replaying it."""
    out = Written(file=sys.stderr, highlight=False, soft_wrap=True)
    count = sum(result.steps.values())
    kinds = ", ".join(f"{number} {name}" for name, number in result.steps.items())
    out.print(f"recorded: {result.file}", style="bold", markup=False)
    out.print(f"  steps      {count}{f' ({kinds})' if kinds else ''}", markup=False)
    seen = ", ".join(f"{number} by {who.replace('+', ' and ')}" for who, number in result.programs.items())
    out.print(
        f"  programs   {sum(result.programs.values())}: {seen or 'none'}; {result.probes} questions",
        markup=False,
    )
    if result.left_out:
        out.print(f"  left out   {result.left_out} files that only their writer needs", markup=False)
    if not result.portable:
        out.print("  portable   no: what was made holds names of folders", markup=False)
    for name in result.failed:
        out.print(f"  failed     {name}", markup=False)
    kinds_found = Counter(impurity.kind for _, impurity in result.impurities)
    if kinds_found:
        words = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds_found.items()))
        out.print(f"  impure     {words}", markup=False)
    for step, impurity in result.impurities[:MOST]:
        out.print(f"    {impurity.kind}: {f'{step}: ' if step else ''}{impurity.what}", markup=False)
    if len(result.impurities) > MOST:
        out.print(f"    and {len(result.impurities) - MOST} more, in the recording", markup=False)
