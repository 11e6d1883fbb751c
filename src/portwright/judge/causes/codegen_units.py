"""The compiler cut a crate into other pieces.

## What it is
One side has another number of codegen units. Functions lie in other objects, and what is inlined differs, so that code
differs too.

## Why it happens
Another `-C codegen-units` or another profile; with incremental compilation the number depends on what was compiled
before.

## Example
`cargo build` on one side (16 or 256 units), `-C codegen-units=1` on the other.

## The cure
`-C codegen-units=1` (in bootstrap.toml `rust.codegen-units = 1`) and `-C incremental` switched off, on both sides.

Then compare again: until both are cut alike, a real difference cannot be told from what follows from this.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 5
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Another number of units, and the code that such files do not share."""
    if difference.kind == "units":
        return Explained()
    if difference.same == "units":
        return Explained(f"{difference.what} (the crate is cut into other pieces)")
    return None
