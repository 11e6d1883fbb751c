"""A binary that ends before its own headers say.

## What it is
A segment, or the table of sections, reaches beyond the end of the file.

## Why is this bad?
The end is missing: a copy was interrupted, or a mounted image lost what was written last. The loader reads zeros or
garbage, or refuses the file.

## Example
A program injected into an image through a mount that was stale.

## What to do
Copy it again, and compare the two files' hashes.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    if case.elf is None:
        return
    ends = [
        (s.offset + s.file_size, f"its segment at {s.address:#x}") for s in case.elf.segments if s.file_size
    ]
    at, size, count = case.elf.section_table
    ends.append((at + size * count if at else 0, "its table of sections"))
    end, what = max(ends)
    if end > case.size:
        yield Found(
            f"{what} ends at {end:#x}, and the file at {case.size:#x}: {end - case.size:,} bytes are missing",
            case.size,
        )
