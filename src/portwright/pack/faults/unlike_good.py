"""A binary of another make than the last good one.

## What it is
With `--against GOOD`: what a loader heeds (kind, machine, interpreter, needed libraries, TLS model, whether there is an
entry) or who generated the code is not as it was.

## Why is this bad?
These are set by specs and flags, not by source code: where one changes by itself, a flag was lost.

## Example
The good one is a static executable made by Cranelift, the new one a static PIE made by LLVM.

## What to do
Compare the two builds' command lines and target specs.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.program import Program
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """One finding with all that changed."""
    if case.good is None or case.program is None or case.good.program is None:
        return
    before, now = _make(case.good.program), _make(case.program)
    changes = [f"{name}: {before[name]} -> {now[name]}" for name in before if before[name] != now[name]]
    if changes:
        yield Found(f"it is not made as the good one is: {'; '.join(changes)}", severity="warning")


def _make(program: Program) -> dict[str, str]:
    return {
        "kind": program.kind,
        "machine": f"{program.machine} ({program.bits} bits, {program.endian}-endian)",
        "entry": "none" if program.runs and not program.entry.executable else "code",
        "interpreter": program.interpreter or "none",
        "needs": ", ".join(program.needed) or "nothing",
        "thread-locals": program.tls.model if program.tls else "none",
        "code generator": program.provenance.backend,
    }
