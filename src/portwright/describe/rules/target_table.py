"""Words in [target] that do nothing.

## What it does
Reports, for a port, keys under `remove` that `like` does not have, and reasons under `why` for keys that the
target does not have.

## Why is this bad?
A misspelled key under `remove` stays in the spec; a reason for a key that is gone misleads the next reader.

## Example
`remove = ["feature"]`: did you mean `features`?

## Since
All versions of portwright.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import closest
from portwright.describe.rule import Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per word."""
    spec = case.spec
    for index, key in enumerate(spec.removed):
        if key not in spec.inherited:
            near = closest(key, spec.inherited)
            hint = (
                f"did you mean `{near}`?"
                if near
                else f"`{spec.like}` has: {', '.join(sorted(spec.inherited))}"
            )
            yield Finding(f"`{spec.like}` has no key `{key}` to remove", ("remove", index), hint, "warning")
    known = {*spec.keys, *spec.removed, "like", "remove"}
    properties = (case.facts.schema or {}).get("properties", {})
    for key in spec.why:
        if key not in known and key not in properties:
            near = closest(key, known)
            what = f"a reason is given for `{key}`, which is no key"
            yield Finding(what, ("why", key), f"did you mean `{near}`?" if near else None, "warning")
