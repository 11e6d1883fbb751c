"""Start files under a link kind that is never used.

## What it does
Computes the kind of executable that rustc links and reports start files that are given only for other kinds,
and kinds that rustc does not have.

## Why is this bad?
rustc adds only the objects of its own link kind and is silent about the others: `_start` is missing and the
entry is 0x0.

## Example
`"pre-link-objects": {"dynamic-nopic-exe": ["crt0.o"]}` in a spec that links `static-nopic-exe`.

## Since
Link kinds since rustc 1.44.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

KEYS = ("pre-link-objects", "post-link-objects", "pre-link-objects-fallback", "post-link-objects-fallback")


def check(case: Case) -> Iterator[Finding]:
    """One finding per key."""
    if not case.flag("executables") or case.text("os") == "wasi":
        return
    kind = case.link_kind()
    for key in KEYS:
        table = case.table(key)
        if not table or kind in table:
            continue
        what = f"executables are linked as `{kind}`, and `{key}` has nothing for that kind"
        given = ", ".join(f"`{name}`" for name in table)
        hint = f"it has objects for {given}: they are silently not added"
        exes = [name for name in table if name.endswith("-exe")]
        edits = (Edit(key, {**table, kind: table[exes[0]]}),) if len(exes) == 1 else ()
        yield Finding(what, (key,), hint, edits=edits)
