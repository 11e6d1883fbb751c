"""A CPU that the back end does not know.

## What it does
Holds `cpu` against the list that the found rustc prints for the CPU's architecture.

## Why is this bad?
`--print cfg` only says "ignoring processor"; code generation then dies of an LLVM error that talks about
something else (64-bit mode, a missing feature).

## Example
`"cpu": "x86_64"` where LLVM says `x86-64`.

## Since
All versions of rustc; the list is that of the found one.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import closest
from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    cpu, twin = case.text("cpu"), case.facts.twin(case.spec.keys)
    rows = case.facts.by_arch.get(case.text("arch"), {}).values()
    if twin is None or "cpu" not in case.spec.keys or cpu in {row.get("cpu") for row in rows} | {"generic"}:
        return
    known = case.facts.cpus(twin)
    if not known or cpu in known:
        return
    near = closest(cpu, known) or closest(cpu.upper(), known)
    hint = f"did you mean `{near}`?" if near else f"`rustc --print target-cpus --target {twin}` lists them"
    edits = (Edit("cpu", near),) if near else ()
    yield Finding(f"the back end knows no CPU `{cpu}`", ("cpu",), hint, edits=edits)
