"""A Redox initfs whose bootstrap cannot run where it lies.

## What it is
The bootstrap is executed in place: byte X of the image is at address 0x1000 + X, and nothing loads or relocates it. So it
must be ET_EXEC with every segment at 0x2000 + its place in the file, without zeros behind what the file holds, without
relocations, and with the header's entry inside its code.

## Why is this bad?
The kernel jumps into the middle of other bytes, and the boot ends before the first message of a program.

## Example
A bootstrap linked without its script, or as a PIE.

## What to do
Link the bootstrap with its linker script (`-T`), `-z max-page-size=4096` and no PIE.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.formats import elf, redox_initfs
from portwright.pack import bootstrap
from portwright.pack.fault import Found
from portwright.pack.subject import Case

MAGIC, ENTRY_AT, NONE = b"RedoxFtw", 0x1A, 0xFFFF_FFFF_FFFF_FFFF
PLACE = 0x1000


def check(case: Case) -> Iterator[Found]:
    """Everything that keeps the bootstrap from running."""
    if case.size < ENTRY_AT + 8 or case.source.read(0, 8) != MAGIC:
        return
    entry = int.from_bytes(case.source.read(ENTRY_AT, 8), "little")
    if entry in (0, NONE):
        return
    size = redox_initfs.read(case.source).bootstrap_size
    data = case.source.read(PLACE, size) if size else b""
    if data[:4] != elf.MAGIC:
        yield Found(f"its header names the entry {entry:#x}, and no ELF file lies at {PLACE:#x}", PLACE)
        return
    faults = bootstrap.faults(data, case.name)
    for fault in faults:
        address = fault.where.address if fault.where else None
        what = f"its bootstrap cannot run where it lies: {fault.what}"
        yield Found(what, PLACE + (address or 0), fault.hint or "")
    own = elf.read(data, case.name).entry if len(data) > 64 else entry
    if own != entry:
        yield Found(f"its header names the entry {entry:#x}, and the bootstrap's is {own:#x}", ENTRY_AT)
