"""Start files for a self-contained link that is switched off.

## What it does
Reports `pre-link-objects-fallback` and `post-link-objects-fallback` where `crt-objects-fallback` (or
`link-self-contained`) does not switch self-contained linking on.

## Why is this bad?
rustc refuses the spec: the objects could never be used.

## Example
`"pre-link-objects-fallback": {"static-nopic-exe": ["crt1.o"]}` without `"crt-objects-fallback": "true"`.

## Since
JSON specs are held to this since rustc 1.85 (rust#133409).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per key of objects."""
    if case.given("link-self-contained") or case.text("crt-objects-fallback") not in ("", "false"):
        return
    for key in ("pre-link-objects-fallback", "post-link-objects-fallback"):
        if case.table(key):
            what = f"`{key}` is given, but `crt-objects-fallback` switches self-contained linking off"
            hint = "use `pre-link-objects`/`post-link-objects`, or set `crt-objects-fallback`"
            yield Finding(what, (key,), hint)
