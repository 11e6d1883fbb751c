"""A program that asks for an executable stack.

## What it is
PT_GNU_STACK with the right to execute.

## Why is this bad?
A kernel that keeps to W^X refuses it or ignores it; one that does not lets an overflow become code.

## Example
Assembly without a `.note.GNU-stack` section, linked by GNU ld.

## What to do
Add `.section .note.GNU-stack,"",%progbits` to the assembly, or link with `-z noexecstack`.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    if case.program is not None and case.program.stack == "executable":
        yield Found("it asks for an executable stack", severity="warning")
