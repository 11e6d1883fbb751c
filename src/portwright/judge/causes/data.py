"""Other data.

## What it is
Bytes that differ and that nothing above explains: a constant, a text, a table, or a file that is no program.

## Why it happens
Other sources, other input of a build script, something random that was written down, or damage.

## Example
One bit of `.rodata`.

## The cure
No flag takes this away. See what writes this place: sources, a build script, a random seed.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 99
ROLE: Role = "real"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Everything else."""
    return Explained()
