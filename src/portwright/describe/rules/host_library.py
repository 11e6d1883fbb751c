"""Libraries in the spec that belong to another system.

## What it does
Reports `-lgcc`, `-lc`, `-lm`, `-lSystem` and the like in linker arguments, unless one of the found rustc's own
targets of the same `os` links them too.

## Why is this bad?
Every program then needs a C toolchain's libraries, or takes the build machine's own; after the program's other
libraries they do not even resolve what those need. compiler_builtins has what libgcc has; other libraries are
named by the crate that calls them (`#[link]`), or by std.

## Example
`"post-link-args": {"gcc": ["-lc", "-lm", "-lgcc"]}`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import LINK_ARGS, Case

HOSTS = frozenset({"c", "m", "gcc", "gcc_eh", "gcc_s", "pthread", "dl", "rt", "System", "stdc++"})


def check(case: Case) -> Iterator[Finding]:
    """One finding per library."""
    used = {word for row in case.facts.with_os(case.text("os")) for word in _words(row)}
    apple = case.flag("is-like-darwin")
    for arg in case.link_args():
        name = arg.text.removeprefix("-l")
        if name not in HOSTS or name == arg.text or arg.text in used or (apple and name == "System"):
            continue
        what = f"`{arg.text}` is linked into every program"
        hint = {
            "gcc": "compiler_builtins has what libgcc has",
            "System": "libSystem is Darwin's: no other system has it",
        }.get(name, "let the crate that calls the library name it")
        kept = [word for word in case.table(arg.key)[arg.flavor] if word != arg.text]
        edits = (_without(case, arg.key, arg.flavor, kept),)
        yield Finding(what, arg.place, hint, "error" if name == "System" else "warning", edits=edits)


def _without(case: Case, key: str, flavor: str, kept: list[str]) -> Edit:
    table = {name: words for name, words in case.table(key).items() if name != flavor or kept}
    if kept:
        table[flavor] = kept
    return Edit(key, table) if table else Edit(key, remove=True)


def _words(row: Mapping[str, Any]) -> Iterator[str]:
    for key in LINK_ARGS:
        for words in row.get(key, {}).values():
            yield from words
