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
from typing import Any

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

KEYS = ("llvm-abiname", "llvm-floatabi", "rustc-abi")
# Where the ABI's names must fit together. On x86 and the smaller CPUs, rustc takes more than its own targets have.
TIED = frozenset(
    {
        *("aarch64", "arm", "csky", "loongarch32", "loongarch64", "mips", "mips32r6", "mips64", "mips64r6"),
        *("powerpc64", "riscv32", "riscv64", "s390x"),
    }
)

# Where rustc refuses what its own targets do not have; on the other CPUs it lets a JSON spec experiment.
CHECKED = TIED | {"x86", "x86_64", "powerpc"}


def check(case: Case) -> Iterator[Finding]:
    """One finding per key that is too many, missing or unknown; else at most one for keys that do not fit."""
    arch = case.text("arch")
    rows = list(case.facts.by_arch.get(arch, {}).values())
    found = [finding for key in KEYS for finding in _key(case, key, rows)] if rows else []
    abis = {str(row.get("abi", "")) for row in rows} | {"", "softfloat", "llvm", "uwp", "sim"}
    if rows and case.text("abi") in case.facts.values("abi") - abis:
        what = f"`abi` is `{case.text('abi')}`, which is a variant of other CPUs than `{arch}`"
        edits = (Edit("abi", remove=True),)
        found.append(Finding(what, ("abi",), None, "error" if arch in CHECKED else "warning", edits=edits))
    yield from found
    # rustc takes an `abi` of one's own invention, but not for code without float registers.
    invented = case.text("abi") not in case.facts.values("abi") | {""}
    soft = case.text("llvm-floatabi") == "soft"
    if not found and arch in TIED and (soft or not invented):
        yield from _together(case, rows)
    variant = not invented and case.text("abi") not in ("", "softfloat")
    if not found and arch in ("x86", "x86_64") and variant and case.text("rustc-abi").endswith("softfloat"):
        what = f"`abi` is `{case.text('abi')}`, and `rustc-abi` is soft-float: rustc refuses the two together"
        yield Finding(what, ("abi",), edits=(Edit("abi", remove=True),))


def _key(case: Case, key: str, rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """What is wrong with one key by itself."""
    arch, given = case.text("arch"), case.given(key)
    known = sorted({str(row[key]) for row in rows if key in row})
    if given is not None and not known:
        what = f"`{key}` has no meaning for `{arch}`"
        refused = arch in CHECKED or key == "rustc-abi"
        hint = "rustc refuses it" if refused else "rustc passes it on to LLVM"
        yield Finding(what, (key,), hint, "error" if refused else "warning", edits=(Edit(key, remove=True),))
    elif given is None and rows and all(key in row for row in rows):
        yield Finding(f"`{key}` is missing: every target of `{arch}` needs one", (key,), f"one of {known}")
    elif isinstance(given, str) and known and given not in known:
        what = f"`{key}` is `{given}`: no target of `{arch}` has that"
        certain = given in case.facts.values(key)
        yield Finding(what, (key,), f"one of {known}", "error" if certain else "warning")


def _together(case: Case, rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """Whether one of rustc's own targets of the CPU has the ABI's names in this combination."""
    names = (*KEYS, "abi")
    own = tuple(case.text(key) for key in names)
    have = sorted({tuple(str(row.get(key, "")) for key in names) for row in rows})
    if not have or own in have:
        return
    near = max(have, key=lambda row: sum(one == other for one, other in zip(row, own, strict=True)))
    wrong = [(key, value) for key, value, mine in zip(names, near, own, strict=True) if value != mine]
    edits = tuple(Edit(key, value) if value else Edit(key, remove=True) for key, value in wrong)
    said = ", ".join(f"`{key}` = {mine or 'nothing'}" for key, mine in zip(names, own, strict=True) if mine)
    what = f"the names of the ABI do not fit together: {said or 'none is given'}"
    yield Finding(what, (wrong[0][0],), f"as `{case.text('arch')}` has them elsewhere", edits=edits)
