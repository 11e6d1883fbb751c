"""The same, at another address.

## What it is
Code and data that are the same once addresses are not compared by their numbers but by what lies there.

## Why it happens
Something before them grew or shrank, or stands in another place.

## Example
A panic message with a longer path: everything behind it moves, and every instruction that refers to it changes.

## The cure
It goes with what made things move: see the causes.

Addresses are followed to the symbol or to the bytes that lie there; what goes through a table of the dynamic linker
(`.got`, `.plt`) is compared by the table only.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 65
ROLE: Role = "consequence"


def explain(difference: Difference, context: Context) -> Explained | None:
    """What the comparison found to differ in addresses only."""
    return Explained() if difference.same == "addresses" else None
