"""Executables that the OS's loader would have to relocate, and cannot.

## What it does
Holds the kind of executable that the spec makes against `[os] loads`.

## Why is this bad?
A loader that maps each segment at p_vaddr and applies no relocations puts a position-independent program at
address 0: it jumps to 0x0, or runs until the first pointer in its data.

## Example
`"position-independent-executables": true` for an OS with `loads = ["elf-exec"]`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

PIE, STATIC_PIE = "position-independent-executables", "static-position-independent-executables"


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    if case.os is None or set(case.os.loads) & {"elf-pie", "elf-dynamic"}:
        return
    asked = [key for key in (PIE, STATIC_PIE) if case.flag(key)]
    if not asked:
        return
    edits = [Edit(key, False) for key in asked]
    if case.text("relocation-model") in ("pic", "pie") and not case.flag("dynamic-linking"):
        edits.append(Edit("relocation-model", "static"))
    kinds = {case.link_kind(), case.link_kind(static=False), case.link_kind(static=True)}
    moving = sorted(kind for kind in kinds if kind.endswith("-pic-exe"))
    loads = ", ".join(case.os.loads)
    if case.link_kind() in moving:
        what = f"executables are {case.link_kind()} (ET_DYN), and the loader takes only {loads}"
    elif moving:
        what = f"with `-C target-feature=-crt-static` executables become ET_DYN, and the loader takes only {loads}"
    else:
        what = f"position-independent executables are asked for, and the loader takes only {loads}"
    yield Finding(what, (asked[0],), edits=tuple(edits), safe=True)
