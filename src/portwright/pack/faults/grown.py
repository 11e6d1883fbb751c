"""A binary that is far larger than the last good one.

## What it is
With `--against GOOD`: a program whose loaded bytes are more than half as many again.

## Why is this bad?
Sizes do not jump without a reason: another runtime, another allocator or a whole debug build came in. Once it was the
only sign of a silent hang.

## Example
A daemon that grew from 402 KB to 1.4 MB between two builds.

## What to do
Look at what grew: the sections and symbols are listed below.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    good, program = case.good, case.program
    if good is None or program is None or good.program is None or not good.size:
        return
    loaded, before = case.size - program.strippable, good.size - good.program.strippable
    if loaded * 2 > before * 3 or case.size * 2 > good.size * 3:
        times = case.size / good.size
        what = f"it grew from {good.size:,} to {case.size:,} bytes ({times:.1f} times)"
        if program.strippable != good.program.strippable:
            what += f"; without symbols and debug information from {before:,} to {loaded:,}"
        yield Found(what, severity="warning")
