"""A program with next to no code in it.

## What it is
At most a few kilobytes of code in a file of hundreds of kilobytes or megabytes.

## Why is this bad?
The linker threw the code away: without the linker script, or without anything that is kept, everything is garbage to
`--gc-sections`. The file still looks large, because the debug information stayed.

## Example
A kernel linked without its linker script: 332 bytes of code in a 4.5 MB file.

## What to do
Give the linker script (`-C link-arg=-T...`), and check that the entry is kept (`ENTRY`, `KEEP`, `-u`).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case

LARGE, FEW, VERY_FEW = 256 << 10, 4096, 1024


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    program = case.program
    if program is None or not program.runs or case.size < LARGE or program.code > FEW:
        return
    severity = "error" if program.code <= VERY_FEW else "warning"
    what = f"{program.code:,} bytes of code in a file of {case.size:,} bytes"
    yield Found(what, severity="error" if severity == "error" else "warning")
