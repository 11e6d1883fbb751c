"""A value of a wrong type.

## What it does
Reports every value whose type is not the one in the found rustc's schema.

## Why is this bad?
rustc refuses the spec, one fault per run.

## Example
`"executables": "true"` becomes `"executables": true`.

## Since
All versions of rustc; before 1.91 some wrong types were ignored instead, and the key had no effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case
from portwright.describe.spec_schema import type_name

WIDTHS = ("target-pointer-width", "target-c-int-width")


def check(case: Case) -> Iterator[Finding]:
    """One finding per value of a wrong type; the two widths have a rule of their own."""
    for violation in case.violations:
        if violation.kind != "type" or violation.path[:1] in [(name,) for name in WIDTHS]:
            continue
        wanted = [name for name in violation.allowed if name != "null"]
        dotted = ".".join(map(str, violation.path)) or "the spec"
        what = f"`{dotted}` is of type {type_name(violation.given)}: rustc wants {' or '.join(wanted)}"
        meant = _meant(violation.given, wanted) if len(violation.path) == 1 else None
        edits = () if meant is None else (Edit(str(violation.path[0]), meant),)
        yield Finding(what, violation.path, edits=edits, safe=bool(edits))


def _meant(given: Any, wanted: list[str]) -> Any:
    """What a value of the wrong type must have been meant to say; None where that is not plain."""
    if isinstance(given, str):
        if "boolean" in wanted and given.lower() in ("true", "false"):
            return given.lower() == "true"
        if "integer" in wanted and given.isdecimal() and given.isascii() and len(given) < 10:
            return int(given)
        if wanted == ["array"]:
            return [given]
    if wanted == ["string"] and isinstance(given, bool):
        return str(given).lower()
    if wanted == ["string"] and isinstance(given, int):
        return str(given)
    return None
