"""The same things in another order.

## What it is
Members, sections, symbols or texts are the same on both sides, one after the other in another order.

## Why it happens
Folders are read in the order in which a file system keeps them; compilers that work in parallel hand over what is ready
first; hash tables with a random seed are walked.

## Example
`tar` of the same folder on ext4 and on tmpfs.

## The cure
Sort what is handed over: `tar --sort=name`, `ar` and the linker with a sorted list; `-C codegen-units=1` for a compiler's
own order.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 45
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Everything that the comparison itself found to be in another order."""
    if difference.kind != "order" or difference.same:
        return None
    if difference.part in ("container", "none"):
        return Explained()
    return Explained(cure="`-C codegen-units=1`, and objects given to the linker in one order")
