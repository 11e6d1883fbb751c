"""CPU features that contradict the ABI that the spec asks for.

## What it does
Holds the features that are switched on and off against what the ABI of the spec needs: on x86 without
`rustc-abi`, `sse2` and `x87` must not be off and `soft-float` not on; with the soft-float ABI it is the other
way round; the same for aarch64, s390x and hard-float ARM.

## Why is this bad?
Floating-point values would be passed in registers that the code must not touch. rustc refuses the spec.

## Example
A kernel's `"features": "-mmx,-sse,-sse2,+soft-float"` needs `"rustc-abi": "softfloat"` beside it.

## Since
x86 since rustc 1.87 (rust#136146), aarch64 since 1.96; the ABI was called `x86-softfloat` before 1.96.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

# (arch, soft-float ABI?) -> (features that must not be off, features that must not be on)
NEEDS: Mapping[tuple[str, bool], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("x86", False): (("x87",), ("soft-float",)),
    ("x86", True): (("soft-float",), ()),
    ("x86_64", False): (("x87", "sse2"), ("soft-float",)),
    ("x86_64", True): (("soft-float",), ()),
    ("aarch64", False): (("neon",), ()),
    ("aarch64", True): ((), ("neon",)),
    ("s390x", False): ((), ("soft-float",)),
    ("s390x", True): (("soft-float",), ("vector",)),
}
SSE2 = ("x86-sse2",)


def check(case: Case) -> Iterator[Finding]:
    """One finding for all features that contradict."""
    soft = case.text("rustc-abi").endswith("softfloat") or _by_name_only(case)
    needed, forbidden = NEEDS.get((case.text("arch"), soft), ((), ()))
    if case.text("rustc-abi") in SSE2:
        needed = (*needed, "sse2")
    if case.text("arch") == "arm" and case.text("llvm-floatabi") == "hard":
        needed, forbidden = ("fpregs",), ("soft-float",)
    off = [name for sign, name in case.features if sign < 0 and name in needed]
    on = [name for sign, name in case.features if sign > 0 and name in forbidden]
    # sse is what sse2 builds on, so a spec that switches only it off has the same fault without rustc seeing it.
    if "sse2" in needed and (-1, "sse") in case.features and "sse2" not in off:
        off.append("sse")
    if not off and not on:
        return
    said = " and ".join([*(f"`-{name}`" for name in off), *(f"`+{name}`" for name in on)])
    abi = "the soft-float ABI" if soft else "the ABI with floats in registers"
    what = f"`features` has {said}, and {abi} does not allow that"
    if soft or case.text("arch") not in ("x86", "x86_64"):
        yield Finding(what, ("features",), "leave those features out")
        return
    hint = "a kernel without float registers says so by its ABI"
    yield Finding(what, ("features",), hint, edits=_mend(case, on), safe="soft-float" in on)


def _by_name_only(case: Case) -> bool:
    """Whether this rustc knows a soft-float ABI of the CPU by `abi` alone (aarch64 before 1.96)."""
    rows = case.facts.by_arch.get(case.text("arch"), {}).values()
    return case.text("abi") == "softfloat" and not any("rustc-abi" in row for row in rows)


def _mend(case: Case, on: list[str]) -> tuple[Edit, ...]:
    """The soft-float ABI under the name that the found rustc has for it."""
    names = case.facts.values("rustc-abi")
    value = next((name for name in sorted(names) if name.endswith("softfloat")), "softfloat")
    abi = Edit("rustc-abi", value)
    return (abi,) if "soft-float" in on else (abi, Edit("features", f"{case.text('features')},+soft-float"))
