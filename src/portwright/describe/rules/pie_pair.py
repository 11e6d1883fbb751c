"""Position-independent executables that rustc will not make, or only some of the time.

## What it does
Computes the kind of executable that rustc links from `position-independent-executables`,
`static-position-independent-executables`, `crt-static-default` and the relocation model, and reports where it
is not what the flags seem to say.

## Why is this bad?
With a static C runtime by default, `position-independent-executables` alone still gives ET_EXEC; the same spec
gives ET_DYN with `-C target-feature=-crt-static`. A loader that relocates nothing then jumps to address 0.

## Example
`"position-independent-executables": true` and `"crt-static-default": true`, without
`"static-position-independent-executables"`.

## Since
All versions of rustc with static-pie (1.46).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding, Severity
from portwright.describe.spec_case import Case

PIE, STATIC_PIE = "position-independent-executables", "static-position-independent-executables"


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    pie, static_pie = case.flag(PIE), case.flag(STATIC_PIE)
    model = case.text("relocation-model")
    if pie and model not in ("pic", "pie"):
        what = f"`{PIE}` does nothing with the relocation model `{model}`: executables are ET_EXEC"
        yield Finding(what, (PIE,), severity="warning", edits=(Edit(PIE, False),))
    elif static_pie and not pie:
        what = f"`{STATIC_PIE}` without `{PIE}`: only statically linked programs can be moved"
        yield Finding(what, (STATIC_PIE,), "set both or none", severity="warning")
    elif pie and not static_pie and case.flag("crt-static-default"):
        what = f"`{PIE}` does nothing while `crt-static-default` is set: executables are ET_EXEC"
        hint = "set it to false, or `static-position-independent-executables` too"
        # Where both kinds of program exist (dynamic linking), each flag is for one of them.
        severity: Severity = "note" if case.flag("dynamic-linking") else "warning"
        yield Finding(what, (PIE,), hint, severity)
