"""A `target-family` that nothing tests for, or none where programs expect one.

## What it does
Reports families other than `unix`, `windows` and `wasm`, and a target with an OS that has no family.

## Why is this bad?
A misspelled family is only a cfg value: `cfg(unix)` is false, and std and most crates take the wrong branch
without a word.

## Example
`"target-family": "unixx"`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import closest
from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

FAMILIES = ("unix", "windows", "wasm")


def check(case: Case) -> Iterator[Finding]:
    """One finding per family, or one for the lack of any."""
    given = case.texts("target-family")
    for family in given:
        if family not in FAMILIES:
            near = closest(family, FAMILIES)
            edits = (
                (Edit("target-family", [near if row == family else row for row in given]),) if near else ()
            )
            hint = f"did you mean `{near}`?" if near else f"known: {', '.join(FAMILIES)}"
            what = f"no crate knows a target family `{family}`"
            yield Finding(what, ("target-family",), hint, "error" if near else "warning", edits=edits)
    if not given and case.hosted and not case.known_os:
        what = "no `target-family`: `cfg(unix)` is false for every crate"
        hint = 'write `["unix"]` if its system calls are Unix\'s; a reason in [target.why] answers this'
        yield Finding(what, ("target-family",), hint, "note")
