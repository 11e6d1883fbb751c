"""Two entry points in one program.

## What it does
Reports start files that are given both as link objects and as linker arguments, and start files (or a C
compiler that adds its own) in a port whose std brings `_start` itself (`[os] crt-objects = "std"`).

## Why is this bad?
The linker stops at "duplicate symbol: _start", or takes the wrong one of the two.

## Example
`crt0.o` in `pre-link-objects` and again in `pre-link-args`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from portwright.describe.rule import Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per object given twice, and at most one against the port's own `_start`."""
    kind = case.link_kind()
    objects = {
        PurePosixPath(name).name
        for key in ("pre-link-objects", "post-link-objects")
        for name in case.table(key).get(kind, [])
    }
    for arg in case.link_args():
        name = PurePosixPath(arg.text).name
        if arg.text.endswith(".o") and name in objects:
            yield Finding(
                f"`{name}` is linked twice: as an argument and as a link object", arg.place, "keep one"
            )
    if case.os is None or case.os.crt_objects != "std" or not case.flag("executables"):
        return
    if case.table("pre-link-objects").get(kind):
        what = "start files are linked, and std brings `_start` itself ([os] crt-objects)"
        yield Finding(what, ("pre-link-objects",), 'leave them out, or set crt-objects = "os"')
    words = {arg.text for arg in case.link_args()}
    if case.uses_driver and not words & {"-nostdlib", "-nostartfiles"}:
        what = "the C compiler that links adds start files, and std brings `_start` itself ([os] crt-objects)"
        hint = "add `-nostartfiles` to `pre-link-args`, or link with `gnu-lld`"
        yield Finding(what, ("linker-flavor",), hint)
