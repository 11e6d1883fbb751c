"""A key that rustc does not know.

## What it does
Reports every key, also inside tables, that the found rustc's schema does not have; with the key that took its
place, or the closest name.

## Why is this bad?
rustc refuses the whole spec at the first such key, one per run; before 1.91 it ignored the key with a warning,
and what you asked for did not happen.

## Example
`"eliminate-frame-pointer": true` is refused: the key is `"frame-pointer": "may-omit"` now.

## Since
An error since rustc 1.91, a warning before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portwright.base.errors import closest
from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

# What became of keys that specs on the net still have: the new key, and how old values read there.
RENAMED: Mapping[str, tuple[str, Mapping[Any, Any]]] = {
    "eliminate-frame-pointer": ("frame-pointer", {True: "may-omit", False: "always"}),
    "is-like-osx": ("is-like-darwin", {}),
    "has-elf-tls": ("has-thread-local", {}),
    "target-os": ("os", {}),
    "target-env": ("env", {}),
    "target-vendor": ("vendor", {}),
    "target-abi": ("abi", {}),
    "target-word-size": ("target-pointer-width", {}),
}
# Keys that went away without one that took their place.
GONE = {
    "is-builtin": "rustc prints it for its own targets; it does not belong into a spec",
    "no-compiler-rt": "compiler_builtins is always there now",
    "unsupported-abis": "rustc knows by the CPU which calling conventions there are",
    "custom-unwind-resume": "rustc no longer asks for `rust_eh_unwind_resume`",
    "pre-link-objects-exe": "write the objects into `pre-link-objects`, by link kind",
    "pre-link-objects-exe-crt": "write the objects into `pre-link-objects`, by link kind",
    "post-link-objects-crt": "write the objects into `post-link-objects`, by link kind",
}


def check(case: Case) -> Iterator[Finding]:
    """One finding per unknown key."""
    for violation in case.violations:
        if violation.kind == "unknown":
            yield _finding(case, violation.path, violation.given, violation.allowed)


def _finding(case: Case, path: tuple[str | int, ...], given: Any, allowed: tuple[str, ...]) -> Finding:
    name = str(path[-1])
    what = f"rustc {case.facts.toolchain.version} does not know the key `{'.'.join(map(str, path))}`"
    if len(path) > 1:
        near = closest(name, allowed)
        return Finding(what, path, f"did you mean `{near}`?" if near else f"known: {', '.join(allowed)}")
    if name in GONE:
        return Finding(what, path, GONE[name], edits=(Edit(name, remove=True),), safe=True)
    new, values = RENAMED.get(name, (name.replace("_", "-"), {}))
    if new in allowed and new != name:
        value = values.get(given, given) if isinstance(given, bool | str) else given
        free = new not in case.spec.keys
        put = (Edit(new, value),) if free else ()
        return Finding(what, path, f"it is `{new}` now", edits=(Edit(name, remove=True), *put), safe=free)
    near = closest(name, allowed)
    hint = f"did you mean `{near}`?" if near else "`portwright check --rules` says which keys there are"
    return Finding(what, path, hint, edits=(Edit(name, remove=True),))
