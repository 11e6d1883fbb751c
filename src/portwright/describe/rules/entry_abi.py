"""A calling convention for `main` that the CPU does not have.

## What it does
Holds `entry-abi` against the conventions that rustc has for the `arch`.

## Why is this bad?
rustc panics while it reads the spec, without naming the key.

## Example
`"entry-abi": "win64"` on aarch64.

## Since
rustc 1.65, which brought the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

# The first word of each convention that not every CPU has (`-unwind` and the like cut off), measured with 1.96.
ONLY: Mapping[str, tuple[str, ...]] = {
    "aapcs": ("arm",),
    "avr": ("avr",),
    "cmse": ("arm",),
    "efiapi": ("aarch64", "arm", "loongarch32", "loongarch64", "riscv32", "riscv64", "x86", "x86_64"),
    "fastcall": ("arm64ec", "x86"),
    "gpu": ("amdgpu", "nvptx64"),
    "msp430": ("msp430",),
    "ptx": ("nvptx64",),
    "riscv": ("riscv32", "riscv64"),
    "stdcall": ("arm64ec", "x86"),
    "sysv64": ("x86_64",),
    "thiscall": ("x86",),
    "vectorcall": ("x86", "x86_64"),
    "win64": ("x86_64",),
    "x86": ("x86", "x86_64"),
}


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    named = case.text("entry-abi")
    having = ONLY.get(named.split("-")[0])
    if having is not None and case.text("arch") not in having:
        what = f"`{case.text('arch')}` has no calling convention `{named}`: rustc panics when it reads this"
        yield Finding(what, ("entry-abi",), edits=(Edit("entry-abi", remove=True),))
