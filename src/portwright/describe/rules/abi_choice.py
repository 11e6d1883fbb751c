"""An ABI name that the CPU's back end does not have, or that is missing where it must be.

## What it does
Holds `llvm-abiname`, `llvm-floatabi` and `rustc-abi` against what the found rustc's own targets of the same
`arch` have: a key that none of them has is refused, a key that all of them have is needed.

## Why is this bad?
rustc refuses such a spec, or (before it checked) calls between Rust and C passed arguments in the wrong places.

## Example
A RISC-V spec without `"llvm-abiname": "lp64d"`; `"llvm-floatabi": "soft"` on x86-64.

## Since
Checked by rustc since 1.86, for all CPUs since 1.96 (rust#153769).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.spec_case import Case
from portwright.describe.rule import Edit, Finding

KEYS = ("llvm-abiname", "llvm-floatabi", "rustc-abi")


def check(case: Case) -> Iterator[Finding]:
    """One finding per key that is too many, missing, or of a value that no such target has."""
    arch = case.text("arch")
    rows = list(case.facts.by_arch.get(arch, {}).values())
    if not rows:
        return
    for key in KEYS:
        known = sorted({str(row[key]) for row in rows if key in row})
        given = case.given(key)
        if given is not None and not known:
            what = f"`{key}` has no meaning for `{arch}`, and rustc refuses it"
            yield Finding(what, (key,), edits=(Edit(key, remove=True),))
        elif given is None and all(key in row for row in rows):
            yield Finding(f"`{key}` is missing: every target of `{arch}` needs one", (key,), f"one of {known}")
        elif isinstance(given, str) and known and given not in known:
            what = f"`{key}` is `{given}`: no target of `{arch}` has that"
            yield Finding(what, (key,), f"one of {known}", severity="warning")
    soft = case.text("rustc-abi").endswith("softfloat")
    if arch in ("aarch64", "s390x") and soft != (case.text("abi") == "softfloat"):
        key, other = ("rustc-abi", "abi") if soft else ("abi", "rustc-abi")
        what = f"`{key}` says softfloat and `{other}` does not"
        yield Finding(what, (key,), edits=(Edit(other, "softfloat"),))
