"""A CPU feature that the back end does not have.

## What it does
Holds every name in `features` against the list that the found rustc prints for the CPU.

## Why is this bad?
LLVM drops the name with a warning at most: the object is made without the feature and nobody notices.

## Example
`+68030` on m68k is silently absent: the name is `isa-68030`.

## Since
All versions of rustc; the list is that of the found one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from portwright.base.errors import closest
from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per unknown name."""
    twin = case.facts.twin(case.spec.keys)
    named = {name for _, name in case.features}
    # Most specs use only features that built-in targets use too: those need no question to rustc.
    rows = case.facts.by_arch.get(case.text("arch"), {}).values()
    used = {word[1:] for row in rows for word in str(row.get("features", "")).split(",") if word}
    if twin is None or not named - used:
        return
    listed = case.facts.features(twin)
    # A compiler without this back end lists next to nothing, and nothing can be said.
    if len(listed - {"crt-static"}) < 2:
        return
    known = listed | used
    for _, name in dict.fromkeys(case.features):
        if name not in known:
            near = _nearest(name, known)
            hint = (
                f"did you mean `{near}`?"
                if near
                else f"`rustc --print target-features --target {twin}` lists them"
            )
            edits = (Edit("features", _replaced(case.text("features"), name, near)),) if near else ()
            safe = near is not None and near.endswith(f"-{name}")
            what = f"the back end has no feature `{name}`: it is dropped"
            yield Finding(what, ("features",), hint, edits=edits, safe=safe)


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """A known feature that ends in the name (`68030` -> `isa-68030`), or else the closest one."""
    longer = sorted(word for word in known if word.endswith(f"-{name}"))
    return longer[0] if len(longer) == 1 else closest(name, known)


def _replaced(features: str, name: str, new: str) -> str:
    return re.sub(rf"(?<=[+-]){re.escape(name)}(?=,|$)", lambda _: new, features)
