"""A key that every spec must have.

## What it does
Reports the keys that the found rustc requires and the spec does not have, with the value that the built-in
target nearest to it has.

## Why is this bad?
rustc refuses a spec without them, and names one per run.

## Example
A spec without `"data-layout"`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per missing key."""
    twin = case.facts.twin(case.spec.keys)
    for violation in case.violations:
        if violation.kind != "missing":
            continue
        name = ".".join(map(str, violation.path))
        like = case.facts.specs.get(twin or "", {}).get(name)
        edits = (Edit(name, like),) if like is not None and len(violation.path) == 1 else ()
        hint = f"`{twin}` has it so" if edits else f"add `{name}`"
        yield Finding(f"`{name}` is missing", violation.path[:-1], hint, edits=edits)
