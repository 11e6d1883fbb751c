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

from portwright.base.sources import Window
from portwright.formats import elf as elves
from portwright.pack.fault import Found
from portwright.pack.program import Reading
from portwright.pack.subject import Case

MAGIC, ENTRY_AT, NONE = b"RedoxFtw", 0x1A, 0xFFFF_FFFF_FFFF_FFFF
PLACE, MAPPED_AT = 0x1000, 0x1000


def check(case: Case) -> Iterator[Found]:
    """Everything that keeps the bootstrap from running."""
    if case.size < ENTRY_AT + 8 or case.source.read(0, 8) != MAGIC:
        return
    entry = int.from_bytes(case.source.read(ENTRY_AT, 8), "little")
    if entry in (0, NONE):
        return
    if case.size < PLACE + 64 or case.source.read(PLACE, 4) != elves.MAGIC:
        yield Found(f"its header names the entry {entry:#x}, and no ELF file lies at {PLACE:#x}", PLACE)
        return
    reading = Reading(Window(case.source, PLACE, case.size - PLACE, f"{case.name}: bootstrap"))
    elf = reading.elf
    if elf.kind != elves.ET_EXEC:
        yield Found(
            f"its bootstrap is {elves.TYPES.get(elf.kind, elf.kind)}, and has to be ET_EXEC", PLACE + 16
        )
    if elf.entry != entry:
        yield Found(f"its header names the entry {entry:#x}, and the bootstrap's is {elf.entry:#x}", ENTRY_AT)
    if any(segment.kind == elves.PT_DYNAMIC for segment in elf.segments):
        yield Found("its bootstrap has a dynamic table, and nobody relocates it", PLACE)
    for segment in elf.loads:
        wanted = MAPPED_AT + PLACE + segment.offset
        if segment.address != wanted and segment.memory_size:
            what = f"its bootstrap's segment at {segment.address:#x} lies at {segment.offset:#x} in its file: it is at"
            yield Found(f"{what} {wanted:#x} when it runs", PLACE + segment.offset)
        if segment.memory_size > segment.file_size:
            more = segment.memory_size - segment.file_size
            what = f"its bootstrap's segment at {segment.address:#x} wants {more:,} bytes of zeros behind it, and nobody"
            yield Found(f"{what} makes them", PLACE + segment.offset)
    home = next((s for s in elf.loads if s.address <= entry < s.address + s.file_size), None)
    if home is None or not home.flags & elves.PF_X:
        yield Found(f"the entry {entry:#x} is not in code of the bootstrap", ENTRY_AT)
