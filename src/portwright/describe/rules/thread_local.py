"""Thread-local storage that is configured but not switched on.

## What it does
Reports a target with an OS that names a TLS model, or whose OS serves one, without `has-thread-local`.

## Why is this bad?
Without it `#[thread_local]` is not available; std falls back to keys of a C library, and for an OS that it does
not know it does not build at all.

## Example
`"tls-model": "local-exec"` without `"has-thread-local": true`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    if case.flag("has-thread-local") or not case.hosted or case.flag("singlethread"):
        return
    edits = (Edit("has-thread-local", True),)
    named = case.given("tls-model")
    if case.os is not None and case.os.tls_models:
        models = ", ".join(case.os.tls_models)
        what = f"the OS serves thread-local storage ({models}), and `has-thread-local` is not set"
        yield Finding(
            what,
            ("tls-model" if named else "has-thread-local",),
            severity="warning",
            edits=edits,
            safe=bool(named),
        )
    elif named is not None and not case.known_os and named != "emulated":
        what = f"`tls-model` is `{named}`, and without `has-thread-local` nothing uses it"
        yield Finding(what, ("tls-model",), severity="warning", edits=edits)
