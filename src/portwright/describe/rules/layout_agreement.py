"""A byte order or pointer width that the data layout contradicts.

## What it does
Holds `target-endian` and `target-pointer-width` against the first letter and the `p:` part of `data-layout`,
and against the found rustc's own targets of the same `arch`.

## Why is this bad?
rustc stops with "inconsistent target specification"; a wrong byte order that passes makes programs that read
every number backwards.

## Example
`"data-layout": "E-m:e-p:32:16:32-..."` without `"target-endian": "big"`.

## Since
All versions of rustc.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding each for byte order and width."""
    layout, endian = case.text("data-layout"), case.text("target-endian")
    said = {"E": "big", "e": "little"}.get(layout[:1])
    if layout.split("-")[0] in ("e", "E") and said != endian:
        what = f"`data-layout` is {said}-endian and the spec is {endian}-endian"
        edit = Edit("target-endian", "big") if said == "big" else Edit("target-endian", remove=True)
        yield Finding(
            what, ("target-endian",) if case.given("target-endian") else ("data-layout",), edits=(edit,)
        )
    pointer = re.search(r"(?:^|-)p(?:0)?:(\d{1,4})[:-]", layout + "-")
    width, claimed = case.number("target-pointer-width"), int(pointer[1]) if pointer else 64
    if layout and width is not None and width != claimed:
        what = f"`data-layout` has pointers of {claimed} bits and `target-pointer-width` is {width}"
        yield Finding(what, ("target-pointer-width",), "the two must agree")
    rows = list(case.facts.by_arch.get(case.text("arch"), {}).values())
    widths = {str(row["target-pointer-width"]) for row in rows}
    if rows and width is not None and width == claimed and str(width) not in widths:
        what = f"no target of `{case.text('arch')}` has pointers of {width} bits"
        yield Finding(what, ("target-pointer-width",), f"known: {', '.join(sorted(widths))}")
