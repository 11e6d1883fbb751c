"""Debug information.

## What it is
Sections that only a debugger reads (`.debug_*`).

## Why it happens
They hold paths, lines, the compiler's command line, and offsets of everything before; one longer path moves all that
follows it.

## Example
The same program with `-C debuginfo=2` on one side and `1` on the other.

## The cure
The same `-C debuginfo`, and `--remap-path-prefix` for the paths in it; `-C strip=debuginfo` (or `strip -g`) leaves it
out.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 60
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Whatever differs in such a section, or that only one side has it."""
    return Explained() if difference.part == "debug" else None
