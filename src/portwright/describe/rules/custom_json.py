"""A JSON spec that rustc takes only with an unstable option.

## What it does
Reminds that a spec from a JSON file needs `-Zunstable-options` (rustc) or `-Zjson-target-spec` (cargo).

## Why is this bad?
A build that worked stops at "custom targets are unstable and require -Zunstable-options"; on a stable compiler
RUSTC_BOOTSTRAP=1 is needed besides. portwright's own builds pass all of it.

## Example
`cargo build --target myos.json` without `-Zjson-target-spec`.

## Since
rustc and cargo 1.95 (rust#150151, rust#151534, cargo#16557).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding, for a bare JSON file."""
    if case.spec.source == "json" and case.facts.version >= (1, 95):
        what = f"rustc {case.facts.toolchain.version} takes this file only with -Zunstable-options"
        yield Finding(what, (), "with cargo: -Zjson-target-spec", "note")
