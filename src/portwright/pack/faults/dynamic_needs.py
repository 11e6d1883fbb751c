"""A program that asks for a dynamic linker or for shared libraries that the OS does not have.

## What it is
An interpreter (PT_INTERP) or needed libraries (DT_NEEDED) where `[os] loads` has no `elf-dynamic`.

## Why is this bad?
Nobody resolves its symbols: the first call into a library goes to 0, or the loader refuses the program for a missing
file that is not the program.

## Example
A program linked by the host's `cc`: `/lib64/ld-linux-x86-64.so.2`, needs libc.so.6.

## What to do
Link it statically, with the port's own linker and libraries (`crt-static-default`, `dynamic-linking: false`).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    program = case.program
    if program is None or case.port is None or "elf-dynamic" in case.port.os.loads:
        return
    wants = [f"the interpreter {program.interpreter}"] if program.interpreter else []
    wants += [f"the libraries {', '.join(program.needed)}"] if program.needed else []
    if wants and program.runs:
        yield Found(f"it wants {' and '.join(wants)}, and {case.port.name} has no dynamic linker")
