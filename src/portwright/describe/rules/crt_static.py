"""A C runtime that is static by default but cannot be chosen.

## What it does
Reports `crt-static-default` or `crt-static-allows-dylibs` without `crt-static-respected`.

## Why is this bad?
rustc refuses the spec: it would ignore every `-C target-feature=-crt-static`.

## Example
`"crt-static-default": true` alone.

## Since
JSON specs are held to this since rustc 1.85 (rust#133409).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    for key in ("crt-static-default", "crt-static-allows-dylibs"):
        if case.flag(key) and not case.flag("crt-static-respected"):
            edits = (Edit("crt-static-respected", True),)
            what = f"`{key}` without `crt-static-respected`"
            yield Finding(what, (key,), edits=edits, safe=True)
            return
