"""A model of thread-local storage that the OS does not serve.

## What it does
Holds the TLS model that code will use against `[os] tls-models`.

## Why is this bad?
`global-dynamic`, the default, calls `__tls_get_addr`, and `initial-exec` reads offsets that a dynamic linker
fills in: without one, programs do not link, or read somebody else's memory.

## Example
`"has-thread-local": true` with the default model for an OS that serves only `local-exec`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    if case.os is None or not case.flag("has-thread-local"):
        return
    # [os] says `general-dynamic` as the ELF document does, rustc says `global-dynamic`.
    served = {model.replace("general-", "global-") for model in case.os.tls_models}
    model = case.text("tls-model")
    # LLVM uses local-exec by itself where nothing can be moved.
    if model in served or (case.text("relocation-model") == "static" and "local-exec" in served):
        return
    better = next((name for name in ("local-exec", "initial-exec") if name in served), None)
    edits = (Edit("tls-model", better),) if better else (Edit("has-thread-local", False),)
    what = f"the TLS model is `{model}`, and the OS serves {', '.join(sorted(served)) or 'none'}"
    if case.given("tls-model") is None:
        what += " (it is the default)"
    safe = better == "local-exec" and not case.flag("dynamic-linking")
    yield Finding(
        what, ("tls-model" if case.given("tls-model") else "has-thread-local",), edits=edits, safe=safe
    )
