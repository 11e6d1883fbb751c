"""Linker arguments that rustc refuses, or never uses.

## What it does
Reports an empty list of linker arguments, a list under a flavor that the spec's linker is not of, and two
lists that rustc takes for the same flavor although they differ.

## Why is this bad?
An empty list makes rustc refuse the spec. The others load and do nothing: arguments under `gcc` are never
passed to a linker that is run directly (`gnu-lld`), nor those under `ld` to a C compiler that links.

## Example
`"linker-flavor": "gnu-lld"` with `"pre-link-args": {"gcc": ["-static"]}`.

## Since
The empty list since rustc 1.85 (rust#133409), the rest in all versions.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import LINK_ARGS, Case


def check(case: Case) -> Iterator[Finding]:
    """Findings for each key of linker arguments."""
    for key in LINK_ARGS:
        table = case.table(key)
        for flavor, words in table.items():
            if not words and case.text("arch") != "avr":
                rest = {name: row for name, row in table.items() if row}
                edit = Edit(key, rest) if rest else Edit(key, remove=True)
                yield Finding(f"`{key}.{flavor}` is empty", (key, flavor), edits=(edit,), safe=True)
        used = case.used_flavors(key)
        if table and not used and case.flavor:
            what = (
                f"`{key}` has no arguments for the flavor `{case.text('linker-flavor')}`: none is ever used"
            )
            given = ", ".join(f"`{name}`" for name in table)
            yield Finding(what, (key,), f"given for {given}", severity="warning")
        differ = [name for name in used[1:] if table[name] != table[used[0]]]
        if differ:
            what = f"`{key}` differs for `{used[0]}` and `{differ[0]}`: rustc takes only one of them"
            hint = "keep one: rustc makes the other from it"
            yield Finding(what, (key, differ[0]), hint, severity="warning")
