"""A panic strategy that nothing on the OS can carry out.

## What it does
Holds `panic-strategy` against `[std] panic` (with `unwind`, std brings its own unwinder) and `[os] unwinder`.

## Why is this bad?
Unwinding, the default, calls `_Unwind_RaiseException` and reads unwind tables at run time: where neither std
nor the OS brings an unwinder, programs do not link, or a panic becomes a crash without a message.

## Example
No `"panic-strategy"` for an OS whose libc has no unwinder.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    strategy = case.text("panic-strategy")
    key = ("panic-strategy",)
    own = case.manifest is not None and case.manifest.std.panic == "unwind"
    if case.os is not None and case.os.unwinder == "none" and strategy == "unwind" and not own:
        default = "" if case.given("panic-strategy") else " (it is the default)"
        what = f"a panic unwinds{default}, and [os] unwinder says that nothing can"
        yield Finding(what, key, edits=(Edit("panic-strategy", "abort"),), safe=True)
    elif own and strategy == "abort":
        what = "[std] panic is `unwind`, and the target's panic strategy is `abort`"
        yield Finding(what, key, "make them agree")
