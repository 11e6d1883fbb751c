"""A name that is chance.

## What it is
Two names of one thing that differ in a number only: LLVM's `.llvm.1234567` for symbols that ThinLTO shares, or the name
of a temporary file.

## Why it happens
LLVM makes the number of the module's name, and linkers and archivers write down the names of files that they were given.

## Example
`_ZN4core3fmt5write17h0123456789abcdefE.llvm.8871201964214153541`

## The cure
`-C codegen-units=1` or `-C lto=off`: without ThinLTO no symbol is shared under such a name; the same paths and file
names on both sides make the same numbers.
"""

from __future__ import annotations

from portwright.judge import symbol_names
from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 30
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Names and texts that are the same without such numbers."""
    if not difference.left or not difference.right:
        return None
    left, right = difference.left.decode("latin-1"), difference.right.decode("latin-1")
    return Explained() if symbol_names.unstable(left, right) == "random" else None
