"""A width written as text where rustc wants a number, or the other way round.

## What it does
Reports `target-pointer-width` and `target-c-int-width` in a type that the found rustc does not take.

## Why is this bad?
rustc refuses the spec ("invalid type: string, expected u16"), one key per run; older ones wanted the text.

## Example
`"target-pointer-width": "64"` becomes `"target-pointer-width": 64`.

## Since
`target-c-int-width` is a number since rustc 1.90, `target-pointer-width` since 1.91; both were text before.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

WIDTHS = ("target-pointer-width", "target-c-int-width")


def check(case: Case) -> Iterator[Finding]:
    """One finding per width of the wrong type."""
    for violation in case.violations:
        name = violation.path[0] if len(violation.path) == 1 else None
        if violation.kind != "type" or name not in WIDTHS:
            continue
        number = case.number(str(name))
        wanted = "text" if violation.allowed == ("string",) else "a number"
        what = f"`{name}` is {violation.given!r}: rustc {case.facts.toolchain.version} wants {wanted}"
        value = str(number) if wanted == "text" else number
        ok = number is not None and isinstance(violation.given, str | int)
        edits = (Edit(str(name), value),) if ok else ()
        yield Finding(what, violation.path, edits=edits, safe=bool(edits))
