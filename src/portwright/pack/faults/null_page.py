"""A program at a fixed address that covers page 0.

## What it is
A segment of an ET_EXEC program that begins below the first page.

## Why is this bad?
A null pointer then reads and writes the program instead of faulting, and many kernels refuse to map page 0.

## Example
`-Ttext=0`, or a script without `. = ...` at its beginning.

## What to do
Link it higher (`--image-base`, `. = 0x200000` in the script).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.formats import elf as elves
from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    if case.elf is None or case.elf.kind != elves.ET_EXEC:
        return
    page = case.port.os.page_size if case.port else 4096
    for segment in case.elf.loads:
        if segment.address < page and segment.memory_size:
            yield Found(
                f"a segment lies at {segment.address:#x}, in page 0", segment.address, severity="warning"
            )
            return
