"""An `llvm-target` for another CPU than `arch`.

## What it does
Holds the first word of `llvm-target` against those of the found rustc's own targets of the same `arch`.

## Why is this bad?
LLVM makes code for its own triple while rustc computes layouts and calls for `arch`: a fatal LLVM error at
best.

## Example
`"arch": "x86_64"` with `"llvm-target": "aarch64-unknown-none"`.

## Since
All versions of rustc.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portwright.base.errors import closest
from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    triple, arch = case.text("llvm-target"), case.text("arch")
    cpu, _, rest = triple.partition("-")
    words = {
        name: {str(row.get("llvm-target", "")).split("-")[0] for row in rows.values()}
        for name, rows in case.facts.by_arch.items()
    }
    own = words.get(arch, set())
    if case.given("llvm-target") == "":
        yield Finding("`llvm-target` is empty: LLVM finds no back end", ("llvm-target",), "name a triple")
    if not triple or not own or cpu in own:
        return
    others = sorted(name for name, row in words.items() if cpu in row)
    near = closest(cpu, own) or min(sorted(own), key=len)
    edits = (Edit("llvm-target", f"{near}-{rest}" if rest else near),)
    if others:
        what = f"`llvm-target` is for `{others[0]}` and `arch` is `{arch}`"
        yield Finding(what, ("llvm-target",), edits=edits)
    elif not any(cpu.startswith(stem) for stem in {_stem(word) for word in own}):
        what = f"no target of `{arch}` has an `llvm-target` that begins with `{cpu}`"
        yield Finding(
            what,
            ("llvm-target",),
            "the code-generation probe shows whether LLVM takes it",
            severity="warning",
            edits=edits,
        )


def _stem(word: str) -> str:
    """The letters that a family of CPU names begins with (`armv7a` -> `arm`, `i686` -> `i`)."""
    found = re.match(r"[A-Za-z]+?(?=v?\d|$)", word)
    return found[0] if found else word
