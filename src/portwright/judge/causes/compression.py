"""The same content, packed otherwise.

## What it is
What is inside is the same; the bytes around it are not.

## Why it happens
Another level, another version of the tool, another number of threads (`xz -T`, `zstd -T`), or another format.

## Example
`gzip -6` on one side and `gzip -9` on the other.

## The cure
The same tool, version, level and number of threads on both sides: `xz -6 -T1`, `zstd -19 -T1`, `gzip -9n`.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 50
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Compressed files of the same content."""
    return Explained() if difference.kind == "packing" else None
