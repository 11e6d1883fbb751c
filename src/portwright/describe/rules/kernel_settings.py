"""Settings of a kernel in a target for programs.

## What it does
Reports, in a target with an OS that rustc does not know, the soft-float ABI and the missing red zone: what one
gets from being like `x86_64-unknown-none`.

## Why is this bad?
Both are there so that interrupts inside a kernel do no harm. In programs they make every floating-point
operation a function call, break calls to C code that passes floats in registers, and cost speed.

## Example
`like = "x86_64-unknown-none"` without `remove = ["features", "rustc-abi"]`.

## Since
All versions of rustc; `rustc-abi` since 1.87.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding per setting."""
    if not case.hosted or case.known_os:
        return
    if case.text("rustc-abi").endswith("softfloat"):
        edits = (Edit("rustc-abi", remove=True), Edit("features", remove=True))
        hint = "a reason in [target.why] answers this, where the kernel does not keep float registers"
        what = "programs pass floats as integers: `rustc-abi` is the soft-float ABI"
        yield Finding(what, ("rustc-abi",), hint, "warning", edits=edits)
    if case.flag("disable-redzone"):
        what = "programs have no red zone: `disable-redzone` is for code that interrupts share a stack with"
        yield Finding(what, ("disable-redzone",), None, "note", edits=(Edit("disable-redzone", False),))
