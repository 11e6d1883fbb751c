"""A segment that can be written and executed.

## What it is
A PT_LOAD, or a section of a PE file, with both rights.

## Why is this bad?
Kernels that keep to W^X refuse the mapping, and where they do not, any stray write becomes code.

## Example
`ld -N`, or a linker script with one segment for everything.

## What to do
Give code and data segments of their own (`-z separate-code`, `PHDRS` in the script).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.formats import elf as elves
from portwright.formats import pe as pes
from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """One finding per segment or section."""
    if case.elf is not None:
        for segment in case.elf.loads:
            if segment.flags & elves.PF_W and segment.flags & elves.PF_X:
                size = f"{segment.memory_size:,} bytes"
                what = f"the segment at {segment.address:#x} ({size}) can be written and executed"
                yield Found(what, segment.address, severity="warning")
    elif case.pe is not None:
        both = pes.SCN_WRITE | pes.SCN_EXECUTE
        for section in case.pe.sections:
            if section.flags & both == both:
                what = f"the section {section.name} can be written and executed"
                yield Found(what, section.address, severity="warning")
