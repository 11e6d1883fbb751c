"""A program that can be moved, for a loader that does not move programs; or the other way round.

## What it is
A position-independent program (ET_DYN) where `[os] loads` has only `elf-exec`, or one at a fixed address where it has
only `elf-pie`.

## Why is this bad?
A loader that maps each segment at its p_vaddr and applies no relocations puts such a program at address 0. The first
pointer out of its data leads to 0x0, and with page 0 mapped no null pointer faults any more.

## Example
`"position-independent-executables": true` in one of many copies of a target spec, and `init` dies at 0x0.

## What to do
Link it at a fixed address: `position-independent-executables: false` and `relocation-model: static` in the spec.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.formats import elf as elves
from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    if case.elf is None or case.program is None or not case.program.runs:
        return
    moves, static = case.elf.kind == elves.ET_DYN, case.program.kind == "static PIE"
    if case.port is None:
        if moves and static:
            hint = "`--port PORT` says what a port's loader takes; `-C relocation-model=static` fixes the address"
            what = "it is a static PIE: a loader that applies no relocations maps it at 0 and jumps to 0x0"
            yield Found(what, severity="note", hint=hint)
        return
    loads = case.port.os.loads
    if moves and not {"elf-pie", "elf-dynamic"} & set(loads):
        what = f"it is position-independent (ET_DYN), and the loader of {case.port.name} takes {', '.join(loads)}"
        yield Found(what, case.elf.entry)
    elif not moves and "elf-exec" not in loads and any(load.startswith("elf") for load in loads):
        what = (
            f"it has a fixed address (ET_EXEC), and the loader of {case.port.name} takes {', '.join(loads)}"
        )
        yield Found(what, case.elf.entry, "build it position-independent")
