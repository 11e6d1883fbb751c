"""Dynamic linking on an OS that has no dynamic linker.

## What it does
Holds `dynamic-linking`, `has-rpath`, `only-cdylib` and the names of dynamic libraries against `[os] loads`.

## Why is this bad?
cargo builds dylibs and cdylibs that nothing can load, and executables may ask for an interpreter that is not
there.

## Example
`"dynamic-linking": true` and `"dll-suffix": ".so"` for an OS that has only fixed shared libraries.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per key."""
    if case.os is None or "elf-dynamic" in case.os.loads:
        return
    loads = ", ".join(case.os.loads)
    if case.flag("dynamic-linking"):
        what = f"`dynamic-linking` is on, and the loader takes only {loads}"
        yield Finding(what, ("dynamic-linking",), edits=(Edit("dynamic-linking", False),), safe=True)
    for key in ("has-rpath", "only-cdylib", "crt-static-allows-dylibs"):
        if case.flag(key):
            what = f"`{key}` is about dynamic libraries, and the loader takes only {loads}"
            yield Finding(what, (key,), severity="warning", edits=(Edit(key, False),))
    if case.given("dll-suffix") and case.given("dll-suffix") != case.spec.inherited.get("dll-suffix"):
        what = f"`dll-suffix` names dynamic libraries, and the loader takes only {loads}"
        yield Finding(what, ("dll-suffix",), severity="warning", edits=(Edit("dll-suffix", remove=True),))
