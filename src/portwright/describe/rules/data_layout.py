"""A data layout that is not LLVM's own for the CPU.

## What it does
Holds `data-layout` against those of the found rustc's own targets with the same `arch`, byte order, pointer
width and object format.

## Why is this bad?
rustc and LLVM would disagree on sizes and alignments. `--print cfg` accepts such a spec; code generation stops
with an error, where it is first seen.

## Example
An x86-64 layout without `i128:128` (before LLVM 18), an m68k layout with `m:o` (Mach-O, which LLVM lacks there).

## Since
LLVM changed x86 in 18 (rustc 1.77/1.78), most other CPUs in 20 (rustc 1.87): `i128:128` was added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    given = case.given("data-layout")
    layouts = _layouts(case)
    if not isinstance(given, str) or not layouts or given in layouts:
        return
    best = max(sorted(layouts), key=lambda name: (_alike(name, given), layouts[name]))
    ours, theirs = given.split("-"), best.split("-")
    lacks = [part for part in theirs if part not in ours]
    more = [part for part in ours if part not in theirs]
    said = [f"lacks {', '.join(lacks)}"] if lacks else []
    said += [f"has {', '.join(more)}"] if more else []
    why = ""
    if "m:o" in more:
        why = "`m:o` is the Mach-O mangling: LLVM refuses it for an ELF target (a leading `_` is the linker's work)."
    what = f"`data-layout` is not LLVM's: it {' and '.join(said) or 'has another order'}"
    edits = (Edit("data-layout", best),)
    yield Finding(what, ("data-layout",), edits=edits, safe=len(layouts) == 1, why=why)


def _layouts(case: Case) -> Counter[str]:
    """The layouts of built-in targets like this one, with how many have each."""
    rows = [
        row
        for row in case.facts.by_arch.get(case.text("arch"), {}).values()
        if row.get("target-endian", "little") == case.text("target-endian")
        and str(row["target-pointer-width"]) == str(case.number("target-pointer-width"))
    ]
    same = [row for row in rows if row.get("binary-format", "elf") == case.text("binary-format")]
    # An object format that LLVM does not have for the CPU changes nothing in its layout there.
    return Counter(str(row["data-layout"]) for row in same or rows)


def _alike(one: str, other: str) -> int:
    return len(set(one.split("-")) & set(other.split("-")))
