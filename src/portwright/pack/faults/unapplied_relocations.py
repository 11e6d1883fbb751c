"""Relocations in a program that nobody will apply.

## What it is
Dynamic relocations in a program at a fixed address without a dynamic linker, or in any program for a port whose loader
applies none.

## Why is this bad?
Each is a pointer that holds something else than it should, often 0 (LLD leaves the words empty). The program runs until
it uses the first of them.

## Example
A static PIE for a loader that takes only ET_EXEC: hundreds of RELATIVE relocations, vtables full of zeros.

## What to do
Link with `-no-pie` and code built for a fixed address (`relocation-model: static`).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.formats import elf as elves
from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    program, elf = case.program, case.elf
    if program is None or elf is None or not program.runs or not program.relocations:
        return
    loads = set(case.port.os.loads) if case.port else None
    unaided = loads is not None and not loads & {"elf-pie", "elf-dynamic"}
    fixed = elf.kind == elves.ET_EXEC and program.interpreter is None
    symbols = program.relocations.get("symbol", 0)
    if not (unaided or fixed or (loads is not None and symbols and "elf-dynamic" not in loads)):
        return
    first = next((row.place for row in elf.dynamic_relocations()), None)
    if first is None:
        first = next(elf.relative_places(), None)
    counts = ", ".join(f"{count} {meaning}" for meaning, count in program.relocations.items())
    total = sum(program.relocations.values())
    why = f"the loader of {case.port.name} takes {', '.join(case.port.os.loads)}" if case.port else ""
    if fixed and not unaided:
        why = "it has a fixed address and no interpreter"
    yield Found(f"nobody applies its {total} relocations ({counts}): {why}", first)
