"""A value that is none of those that rustc knows for its key.

## What it does
Reports every value that the found rustc's schema does not list, with the closest one that it does.

## Why is this bad?
rustc refuses the spec, one fault per run.

## Example
`"panic-strategy": "abrt"`: did you mean `abort`?

## Since
All versions of rustc; the lists are those of the found one.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import closest
from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per value."""
    for violation in case.violations:
        if violation.kind != "value":
            continue
        dotted = ".".join(map(str, violation.path))
        given, allowed = violation.given, violation.allowed
        what = f"`{dotted}` cannot be {given!r} in rustc {case.facts.toolchain.version}"
        text = str(given).lower()
        near = text if text in allowed else closest(text, allowed)
        hint = f"one of: {', '.join(allowed)}"
        simple = near is not None and len(violation.path) == 1 and isinstance(given, str | bool)
        edits = (Edit(str(violation.path[0]), near),) if simple else ()
        yield Finding(what, violation.path, hint, edits=edits, safe=simple and near == text)
