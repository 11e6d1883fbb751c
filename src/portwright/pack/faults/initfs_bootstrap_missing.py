"""A Redox initfs without its bootstrap.

## What it is
The header's entry is 0xFFFFFFFFFFFFFFFF, which the archiver writes where no bootstrap is given, or 0.

## Why is this bad?
The kernel jumps to the bootstrap's entry: it prints `Bootstrap entry point: FFFFFFFFFFFFFFFF` and dies.

## Example
`redox-initfs-ar --output initfs.img initfs/`: the second argument, the bootstrap, was left out.

## What to do
Pack it again with the bootstrap: `portwright image pack --format redox-initfs --bootstrap FILE`.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case

MAGIC, ENTRY_AT, NONE = b"RedoxFtw", 0x1A, 0xFFFF_FFFF_FFFF_FFFF


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    if case.size < ENTRY_AT + 8 or case.source.read(0, 8) != MAGIC:
        return
    entry = int.from_bytes(case.source.read(ENTRY_AT, 8), "little")
    if entry in (0, NONE):
        yield Found(f"it has no bootstrap: the entry in its header is {entry:#x}", ENTRY_AT)
