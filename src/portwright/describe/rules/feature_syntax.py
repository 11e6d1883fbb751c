"""A feature list that rustc cannot read.

## What it does
Reports features without a sign, and features that are both on and off.

## Why is this bad?
rustc refuses the spec, one feature per run; before 1.87 LLVM dropped such words silently.

## Example
`"features": "sse2"` becomes `"features": "+sse2"`.

## Since
An error since rustc 1.87.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per kind of fault."""
    text = case.text("features")
    words = text.split(",") if text else []
    bare = [word for word in words if word.strip()[:1] not in ("+", "-") or word != word.strip()]
    if bare:
        what = f"`features` has {', '.join(repr(word) for word in bare)}: each must begin with `+` or `-`"
        signed = [word.strip() if word.strip()[:1] in ("+", "-") else f"+{word.strip()}" for word in words]
        mended = ",".join(word for word in signed if len(word) > 1)
        safe = all(not word.strip() or word.strip()[:1] in ("+", "-") for word in bare)
        yield Finding(what, ("features",), edits=(Edit("features", mended),), safe=safe)
    names = {sign: {name for s, name in case.features if s == sign} for sign in (1, -1)}
    both = sorted(names[1] & names[-1])
    if both:
        yield Finding(
            f"`features` switches {', '.join(both)} both on and off", ("features",), "keep one of them"
        )
