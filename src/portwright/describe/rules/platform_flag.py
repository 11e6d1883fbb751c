"""A flag of a platform family that does not fit the rest of the spec.

## What it does
Holds `is-like-darwin`, `is-like-solaris`, `is-like-windows`, `is-like-msvc`, `is-like-gpu` and `is-like-wasm`
against `vendor`, `os` and `arch`, and the linker flavor against them, as rustc does when it loads a spec.

## Why is this bad?
rustc refuses the spec; it names one such fault per run.

## Example
`"vendor": "apple"` without `"is-like-darwin": true`.

## Since
JSON specs are held to this since rustc 1.85 (rust#133409).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per flag that must be set or must not be."""
    os, arch = case.text("os"), case.text("arch")
    apple = case.text("vendor") == "apple"
    windows = os in ("windows", "uefi", "cygwin")
    wasm = arch in ("wasm32", "wasm64")
    wanted = (
        ("is-like-darwin", apple, "`vendor` is `apple`"),
        ("is-like-solaris", os in ("solaris", "illumos"), "`os` is `solaris` or `illumos`"),
        ("is-like-windows", windows, "`os` is `windows`, `uefi` or `cygwin`"),
        ("is-like-wasm", wasm, "`arch` is `wasm32` or `wasm64`"),
        ("is-like-gpu", arch in ("nvptx64", "amdgpu"), "`arch` is `nvptx64` or `amdgpu`"),
    )
    for key, needed, when in wanted:
        if _known(case, key) and case.flag(key) != needed:
            what = f"`{key}` must be set if and only if {when}"
            yield Finding(
                what,
                (key if case.flag(key) else "vendor" if "apple" in when else when[1:].split("`")[0],),
                edits=(Edit(key, True) if needed else Edit(key, remove=True),),
            )
    systems = {str(row.get("os", "none")) for row in case.facts.specs.values() if row.get("is-like-darwin")}
    if case.flag("is-like-darwin") and os not in systems:
        what = f"`is-like-darwin` with the `os` `{os}`: rustc panics on a system of Apple's that it does not know"
        yield Finding(what, ("os",) if case.given("os") else ("is-like-darwin",), f"one of {sorted(systems)}")
    if case.flag("is-like-msvc") and not windows:
        edits = (Edit("is-like-msvc", remove=True),)
        yield Finding("`is-like-msvc` without an `os` of Windows", ("is-like-msvc",), edits=edits)
    flavors = (
        ("darwin", case.flag("is-like-darwin"), "`is-like-darwin` is set"),
        ("msvc", case.flag("is-like-msvc"), "`is-like-msvc` is set"),
        ("wasm", case.flag("is-like-wasm") and os != "emscripten", "`is-like-wasm` is set"),
        ("em", os == "emscripten", "`os` is `emscripten`"),
        ("bpf", arch == "bpf", "`arch` is `bpf`"),
    )
    for flavor, needed, when in flavors:
        if case.flavor and (case.flavor == flavor) != needed:
            what = f"a linker flavor of {flavor} is needed if and only if {when}"
            yield Finding(what, ("linker-flavor",), f"here it is `{case.text('linker-flavor')}`")


def _known(case: Case, key: str) -> bool:
    """Whether the found rustc has the flag at all (their names changed over time)."""
    return case.facts.schema is None or key in case.facts.schema.get("properties", {})
