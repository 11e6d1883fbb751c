"""Atomics that the CPU does not have, or that are given up although it has them.

## What it does
Holds `max-atomic-width`, `min-atomic-width` and `atomic-cas` against the found rustc's own targets of the same
`arch`, and against the code generator.

## Why is this bad?
A width that is too great becomes calls of functions (`__atomic_load_16`) that nothing provides; no width at
all, or no compare-and-swap, takes Arc, Mutex and thread-locals away. A lock made of a plain load and store is
no lock.

## Example
`"max-atomic-width": 256`; `"max-atomic-width": 128` with Cranelift, which has no 128-bit atomics.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

WIDTHS = (0, 8, 16, 32, 64, 128)
CRANELIFT_WIDEST = 64


def check(case: Case) -> Iterator[Finding]:
    """At most one finding about the width and one about compare-and-swap."""
    rows = list(case.facts.by_arch.get(case.text("arch"), {}).values())
    known = [row["max-atomic-width"] for row in rows if isinstance(row.get("max-atomic-width"), int)]
    width = case.number("max-atomic-width")
    place = ("max-atomic-width",)
    if width is not None and width not in WIDTHS:
        edits = (Edit("max-atomic-width", max(known)),) if known else ()
        yield Finding(f"no CPU has atomics of {width} bits", place, f"one of {WIDTHS}", edits=edits)
    elif width is not None and known and width > max(known):
        what = f"`{case.text('arch')}` has atomics of at most {max(known)} bits, not {width}"
        yield Finding(what, place, edits=(Edit("max-atomic-width", max(known)),))
    elif width is not None and case.backend == "cranelift" and width > CRANELIFT_WIDEST:
        what = f"Cranelift has atomics of at most {CRANELIFT_WIDEST} bits, not {width}"
        yield Finding(what, place, edits=(Edit("max-atomic-width", CRANELIFT_WIDEST),), safe=True)
    elif width == 0 and known and min(known) > 0:
        what = f"atomics are given up although every `{case.text('arch')}` has them"
        yield Finding(what, place, edits=(Edit("max-atomic-width", min(known)),), severity="warning")
    if not case.flag("atomic-cas") and rows and all(row.get("atomic-cas", True) for row in rows):
        what = f"compare-and-swap is given up although every `{case.text('arch')}` has it"
        yield Finding(what, ("atomic-cas",), edits=(Edit("atomic-cas", remove=True),), severity="warning")
