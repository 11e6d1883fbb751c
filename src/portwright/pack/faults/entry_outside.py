"""A program whose entry is not code that is in the file.

## What it is
The entry is in no segment, in one that is not executable, or in the part of one that is filled with zeros.

## Why is this bad?
The first instruction faults, before anything could print.

## Example
A linker script that puts `.text` into a segment with the flags `R`, or `-e` with a stale address.

## What to do
Check `-e`, `ENTRY()` and the flags of the segments (`PHDRS`) in the linker script.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.program import segment_at
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    if case.elf is None or case.program is None or not case.program.runs:
        return
    entry = case.elf.entry
    home = segment_at(case.elf, entry)
    if not entry:
        return
    if home is None:
        yield Found(f"its entry {entry:#x} is in no segment", entry)
    elif not case.program.entry.executable:
        yield Found(f"its entry {entry:#x} is in a segment that is not executable", entry)
    elif entry - home.address >= home.file_size:
        yield Found(f"its entry {entry:#x} is behind what the file holds of its segment: zeros", entry)
