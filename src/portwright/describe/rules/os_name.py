"""An `os` or `vendor` that rustc refuses, or that another target's name promises otherwise.

## What it does
Reports an empty `vendor` or `os`, and `os = "unknown"`, which is reserved for a few WebAssembly and SGX targets.

## Why is this bad?
rustc refuses the spec: a target without an OS is `none`, and a vendor nobody knows is `unknown`.

## Example
`"os": "unknown"` for a kernel: leave it out, or write `"none"`.

## Since
JSON specs are held to this since rustc 1.85 (rust#133409).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding per key."""
    for key, instead in (("vendor", "unknown"), ("os", "none")):
        if case.given(key) == "":
            edits = (Edit(key, instead),)
            yield Finding(f"`{key}` is empty", (key,), edits=edits, safe=True)
    reserved = case.text("llvm-target") in ("wasm32-unknown-unknown", "wasm64-unknown-unknown")
    sgx = case.text("env") == "sgx" and case.text("vendor") == "fortanix"
    if case.given("os") == "unknown" and not reserved and not sgx:
        what = "`os` cannot be `unknown`: that name is kept for targets that std treats in a way of their own"
        yield Finding(what, ("os",), 'a target without an OS is `"none"`', edits=(Edit("os", "none"),))
