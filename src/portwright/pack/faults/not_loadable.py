"""A file of a kind that the port's loader does not take at all.

## What it is
An ELF program where the loader takes Mach-O or the other way round, or an object file that was never linked, with a
program's name in a folder of programs.

## Why is this bad?
The loader refuses it, often with an error that says "no such file" or nothing.

## Example
`rust-lld -r` used for a program: an ET_REL file in `bin/`.

## What to do
Link it, for the format that `[os] loads` names.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.formats import elf as elves
from portwright.pack.fault import Found
from portwright.pack.subject import Case

FOLDERS = {"bin", "sbin", "drivers"}


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    folders = set(case.node.path.decode("utf-8", "replace").split("/")[:-1]) if case.node else set()
    if case.elf is not None and case.elf.kind == elves.ET_REL and folders & FOLDERS:
        yield Found("it is an object file where programs are: it was never linked")
        return
    if case.port is None:
        return
    loads = case.port.os.loads
    if case.program is not None and case.program.runs and not any(load.startswith("elf") for load in loads):
        yield Found(f"it is an ELF program, and the loader of {case.port.name} takes {', '.join(loads)}")
    elif case.format == "macho" and "macho-exec" not in loads:
        yield Found(f"it is a Mach-O file, and the loader of {case.port.name} takes {', '.join(loads)}")
