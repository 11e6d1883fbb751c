"""A header says something else.

## What it is
Fields of a binary's own header: its entry, flags, segments, the kind or alignment of a section.

## Why it happens
Other flags of the linker or another linker; or damage.

## Example
One side was linked as PIE, the other was not.

## The cure
The same linker, linker script and `-C link-arg`s on both sides.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 85
ROLE: Role = "real"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Differing fields of headers."""
    return Explained() if difference.kind == "header" else None
