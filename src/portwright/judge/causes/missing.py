"""Only one side has it.

## What it is
A file, a member, a section or a function that the other side does not have.

## Why it happens
A step that was done on one side only, another set of features, or what is inlined on one side and not on the other.

## Example
`lib/rustlib/x86_64-unknown-linux-gnu` is in one folder only: it was not built on the other side.

## The cure
Look at what made it: no flag takes this away.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 70
ROLE: Role = "real"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Whatever is missing or of another kind."""
    return Explained() if difference.kind in ("missing", "kind") else None
