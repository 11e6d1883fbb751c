"""A name that the target inherited from the one it is like.

## What it does
Reports, for a port, `os`, `env`, `vendor` and `abi` that come from `like` and do not fit the port's own triple.

## Why is this bad?
With `os = "linux"` inherited, std is built with Linux's code and its numbers of system calls; with `env = "gnu"`
every crate believes in glibc.

## Example
`like = "x86_64-unknown-linux-gnu"` for `x86_64-unknown-myos` without `os = "myos"`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per inherited name."""
    if case.spec.source != "port":
        return
    words = case.spec.target.split("-")
    system = words[2] if len(words) > 2 else words[-1]
    os = case.text("os")
    if "os" not in case.spec.own and os not in words and os != "none" and not _written(case, "os"):
        what = f"`os` is `{os}`, inherited from `{case.spec.like}`, and the target is {case.spec.target}"
        yield Finding(what, ("like",), edits=(Edit("os", system),), safe=True)
    if "os" not in case.spec.own and os == "none" and not _written(case, "os") and "none" not in words:
        what = f"`os` is not given: programs for {case.spec.target} would be built as for no OS at all"
        yield Finding(what, ("like",), edits=(Edit("os", system),), safe=True)
    for key in ("env", "vendor", "abi"):
        value = case.text(key)
        default = "unknown" if key == "vendor" else ""
        if value != default and not _written(case, key) and not any(value in word for word in words):
            what = f"`{key}` is `{value}`, inherited from `{case.spec.like}`, and the target is {case.spec.target}"
            yield Finding(what, ("like",), None, "warning", edits=(Edit(key, remove=True),))


def _written(case: Case, key: str) -> bool:
    """Whether the port writes the key itself, also where it writes what it would have inherited."""
    table = case.manifest.target if case.manifest is not None else {}
    return key in table or key in case.spec.own
