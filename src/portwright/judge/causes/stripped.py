"""One side is stripped.

## What it is
Only one side has a table of symbols (`.symtab`).

## Why it happens
`strip`, `-C strip=symbols` or `install -s` ran on one side only.

## Example
A program out of `target/release/` and the same one out of a package.

## The cure
`-C strip=symbols` (or none) on both sides.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 62
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """A symbol table that is missing."""
    if difference.kind == "missing" and difference.part == "symbols" and not difference.same:
        return Explained()
    return None
