"""Position-independent code that nothing ever moves.

## What it does
Reports the relocation model `pic` (which is also the default) in a target that has neither dynamic linking nor
position-independent executables.

## Why is this bad?
Each access to a global goes through a table for nothing, and readers believe that programs are moved (ASLR).
rustc refuses it in its own targets and is silent about JSON.

## Example
`"relocation-model": "pic"` with `"dynamic-linking": false` and `"position-independent-executables": false`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    pic = case.text("relocation-model") == "pic"
    moved = any(
        case.flag(key)
        for key in (
            "dynamic-linking",
            "position-independent-executables",
            "static-position-independent-executables",
        )
    )
    # Code of these is always position-independent, or their format has no such choice.
    exempt = case.text("os") == "uefi" or case.text("binary-format") != "elf" or case.flag("is-like-wasm")
    if not pic or moved or exempt or not case.flag("executables"):
        return
    what = "code is position-independent, but no executable and no library is ever moved"
    if case.given("relocation-model") is None:
        what += " (`pic` is the default)"
    edits = (Edit("relocation-model", "static"),)
    # Where the loader is known to move nothing, `pic` can have no purpose.
    fixed = case.os is not None and not set(case.os.loads) & {"elf-pie", "elf-dynamic"}
    yield Finding(what, ("relocation-model",), severity="warning", edits=edits, safe=fixed)
