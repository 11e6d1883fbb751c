"""Other code.

## What it is
A function whose instructions differ in more than addresses, shown with the first of them; or one that refers to something
else.

## Why it happens
Other sources, other flags (`-C opt-level`, `-C target-cpu`), another compiler; between stage 2 and stage 3 a compiler
that does not reproduce itself; or a file that was damaged.

## Example
`mov eax, 1` in A where B has `mov eax, 3`.

## The cure
No flag takes this away. See that both sides had the same sources, flags and compiler; then it is a defect.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 80
ROLE: Role = "real"


def explain(difference: Difference, context: Context) -> Explained | None:
    """What the comparison of functions found."""
    return Explained() if difference.kind == "code" else None
