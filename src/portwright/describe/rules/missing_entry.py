"""Programs that nothing gives an entry point.

## What it does
Reports a linker that is run directly (or with `-nostdlib`), no start files in `pre-link-objects`, no linker
script and no entry argument, for an OS whose own targets in rustc do not work that way. A port whose
`[os] crt-objects` is `std` brings its own `_start` and is right without.

## Why is this bad?
`_start` is missing and the linker does not mind: it exits with 0 and no warning, and the program's entry is
address 0x0.

## Example
`"linker-flavor": "gnu-lld"` for an OS with a C library, without `"pre-link-objects"`.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portwright.describe.rule import Finding
from portwright.describe.spec_case import DRIVERS, Case

ENTRY = ("-e", "--entry", "-T", "--script")


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    if not case.hosted or not case.flag("executables") or case.flavor not in ("gnu", "unix"):
        return
    words = [arg.text for arg in case.link_args()]
    alone = not case.uses_driver or any(word in ("-nostdlib", "-nostartfiles") for word in words)
    given = case.table("pre-link-objects") or case.given("link-script")
    given = given or case.text("crt-objects-fallback") not in ("", "false")
    entry = any(word == name or word.startswith(f"{name}=") for word in words for name in ENTRY)
    entry = entry or any(word.startswith("-T") or word.endswith((".o", ".ld")) for word in words)
    if not alone or given or entry:
        return
    if case.os is not None and case.os.crt_objects == "std":
        return
    if case.os is None and any(_same_way(row) for row in case.facts.with_os(case.text("os"))):
        return
    key = ("linker-flavor",)
    linker = "`-nostdlib`" if case.uses_driver else f"the linker `{case.text('linker-flavor')}`"
    what = f"nothing brings `_start`: {linker} adds no start files, and the entry will be 0x0"
    hint = f'put crt0.o and the like into `pre-link-objects`, under "{case.link_kind()}"'
    # Of a system that neither rustc nor a port describes, nobody knows whether its programs bring `_start`.
    certain = not case.uses_driver and (case.os is not None or case.known_os)
    yield Finding(what, key, hint, "error" if certain else "warning")


def _same_way(row: Mapping[str, Any]) -> bool:
    """Whether a built-in target of the OS is linked directly without start files, so that std brings them."""
    return row.get("linker-flavor") not in DRIVERS and not row.get("pre-link-objects")
