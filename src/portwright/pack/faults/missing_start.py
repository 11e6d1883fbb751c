"""A program without `_start`.

## What it is
The symbol table defines no `_start`, and the entry is 0 or simply where the code begins, so nobody chose it.

## Why is this bad?
A linker that does not find `_start` takes 0 (LLD) or the beginning of `.text` (GNU ld) and at most warns: the program
begins with whatever function happens to be first.

## Example
`crt-objects-fallback: "false"` and no start files in the target spec.

## What to do
Link the start files, or define `_start` and keep it (`#[unsafe(no_mangle)]`, `-u _start`).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case, defined


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    program = case.program
    if program is None or not program.runs or program.stripped or case.reading is None:
        return
    if any(symbol.name == "_start" for symbol in defined(case.reading.symbols)):
        return
    entry = program.entry
    text = next((section for section in case.reading.sections if section.name == ".text"), None)
    if entry.address == 0 and not entry.symbol:
        yield Found("no symbol `_start` is defined, and the entry is 0", 0)
    elif text is not None and entry.address == text.address:
        what = f"no symbol `_start` is defined, and the entry is the beginning of .text ({entry.symbol or 'no symbol'})"
        yield Found(what, entry.address, severity="warning")
