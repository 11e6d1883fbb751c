"""Symbols and debug information that a program does not need to run.

## What it is
A program or shared library with a symbol table or debug information.

## Why is this bad?
It is not, by itself. In an image they are most of the bytes: archives that met their size limit did so through them.

## Example
A driver of 3.1 MB, of which 2.7 MB are debug information.

## What to do
`strip FILE`, or `strip = true` in the Cargo profile; `strip` of GNU keeps `.comment`, `llvm-strip` drops it.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case

WORTH = 1024


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    program = case.program
    if (
        program is None
        or not (program.runs or program.kind == "shared library")
        or program.strippable < WORTH
    ):
        return
    parts = [
        name
        for name, there in (("debug information", program.debug), ("symbols", not program.stripped))
        if there
    ]
    share = 100 * program.strippable // max(case.size, 1)
    what = f"stripping would save {program.strippable:,} of {case.size:,} bytes ({share} %: {' and '.join(parts)})"
    yield Found(what, severity="note")
