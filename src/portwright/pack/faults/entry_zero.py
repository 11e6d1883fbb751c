"""A program that starts at address 0, where no code is.

## What it is
The ELF header's entry is 0, and what lies there, if anything, is not code.

## Why is this bad?
The linker did not find `_start` and left the entry at 0 without failing. The loader maps the program, jumps to 0,
and the system says nothing, or that something else hangs.

## Example
`init` linked without the start files: `ld.lld -o init init.o`, entry 0x0, exit status 0.

## What to do
Give the linker the start files or define `_start`, and check that the target spec names them under the kind of link
that is made (`static-nopic-exe`).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.program import segment_at
from portwright.pack.subject import Case

HEADER = 64


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    if case.elf is None or case.program is None or not case.program.runs or case.elf.entry:
        return
    home = segment_at(case.elf, 0)
    if home is not None and case.program.entry.executable and home.offset >= HEADER:
        return
    there = "the file's own header lies there" if home is not None else "no segment lies there"
    yield Found(f"its entry is 0x0, and {there}", 0)
