"""An `arch` that rustc has no code generator for.

## What it does
Holds `arch` against the architectures of the found rustc's own targets.

## Why is this bad?
rustc loads the spec and prints its cfg; at the first function it meets, the compiler panics.

## Example
`"arch": "x86-64"`: did you mean `x86_64`?

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import closest
from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    arch = case.given("arch")
    if not isinstance(arch, str) or arch in case.facts.by_arch:
        return
    near = closest(arch, case.facts.by_arch)
    cpu = case.text("llvm-target").split("-")[0]
    owners = [name for name, rows in case.facts.by_arch.items() if _cpus(rows.values()) & {cpu}]
    if len(owners) == 1:
        near = owners[0]
    hint = f"did you mean `{near}`?" if near else f"one of: {', '.join(sorted(case.facts.by_arch))}"
    spelled = near is not None and near.replace("_", "") == arch.lower().replace("-", "").replace("_", "")
    edits = (Edit("arch", near),) if near else ()
    yield Finding(
        f"rustc has no code generator for the arch `{arch}`", ("arch",), hint, edits=edits, safe=spelled
    )


def _cpus(rows: object) -> set[str]:
    """The first words of the rows' `llvm-target`s."""
    found: set[str] = set()
    for row in rows if hasattr(rows, "__iter__") else ():
        found.add(str(row.get("llvm-target", "")).split("-")[0])
    return found
