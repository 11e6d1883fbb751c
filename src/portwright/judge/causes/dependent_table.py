"""A table that describes what differs elsewhere.

## What it is
Symbol tables, hash tables, tables for unwinding, relocations, headers: they follow from the sections that they describe.

## Why it happens
Other names, sizes or places elsewhere.

## Example
`.gnu.hash` after a symbol's hash changed.

## The cure
It goes with what it describes: see the causes, and the real differences where there are any.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 66
ROLE: Role = "consequence"


def explain(difference: Difference, context: Context) -> Explained | None:
    """What the comparison found to follow from other differences."""
    return Explained() if difference.same == "follows" else None
