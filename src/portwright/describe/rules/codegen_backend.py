"""A default code generator that no rustc has.

## What it does
Reports a `default-codegen-backend` that is neither one of rustc's code generators nor the path of one.

## Why is this bad?
rustc looks for a library of that name in its sysroot, finds none, and stops before it reads any program.

## Example
`"default-codegen-backend": "clif"`: did you mean `cranelift`?

## Since
rustc 1.76, which brought the key.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import closest
from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

BACKENDS = ("llvm", "cranelift", "gcc")


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    named = case.given("default-codegen-backend")
    if not isinstance(named, str) or named in BACKENDS or named.endswith((".so", ".dylib", ".dll")):
        return
    near = "cranelift" if "clif" in named else closest(named, BACKENDS)
    edits = (Edit("default-codegen-backend", near) if near else Edit("default-codegen-backend", remove=True),)
    what = f"rustc has no code generator `{named}`"
    yield Finding(what, ("default-codegen-backend",), f"one of {BACKENDS}", edits=edits)
