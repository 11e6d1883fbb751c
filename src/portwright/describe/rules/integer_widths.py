"""A width of C's integers or an alignment that no integer has.

## What it does
Holds `target-c-int-width`, `c-enum-min-bits` and `min-global-align` against what rustc can represent.

## Why is this bad?
rustc stops with "rust does not support integers with N bits" or "not a power of 2", naming neither key nor
spec.

## Example
`"c-enum-min-bits": 0`.

## Since
All versions of rustc that have the keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Finding
from portwright.describe.spec_case import Case

WIDTHS = (8, 16, 32, 64)
LARGEST_ALIGNMENT = 8 << 29


def check(case: Case) -> Iterator[Finding]:
    """One finding per key."""
    for key in ("target-c-int-width", "c-enum-min-bits"):
        width = case.number(key) if key in case.spec.keys else None
        if width is not None and width not in WIDTHS:
            yield Finding(f"`{key}` is {width}: no integer has that width", (key,), f"one of {WIDTHS}")
    align = case.number("min-global-align")
    if align is not None and align > 8 and (align & (align - 1) or align > LARGEST_ALIGNMENT):
        what = f"`min-global-align` is {align}: it counts bits, and must be a power of 2"
        yield Finding(what, ("min-global-align",))
