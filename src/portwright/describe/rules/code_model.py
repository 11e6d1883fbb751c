"""A code model that the back end does not have, or that is for kernels.

## What it does
Holds `code-model` against what LLVM takes for the CPU, and reports the kernel model in a target with an OS.

## Why is this bad?
LLVM dies of a fatal error, or (m68k) ignores the model: references stay 16 bits wide and do not reach. The
kernel model assumes addresses in the top 2 GiB, where no program of an OS lies.

## Example
`"code-model": "large"` on m68k does nothing; `"kernel"` inherited from `x86_64-unknown-none`.

## Since
All versions of rustc; the lists were measured with LLVM 22.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

X86 = ("x86", "x86_64")
AARCH64 = ("aarch64", "arm64ec")
IGNORED = ("m68k",)


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    model, arch = case.text("code-model"), case.text("arch")
    place = ("code-model",)
    # An LLVM with other back ends takes what its own targets have.
    rows = case.facts.by_arch.get(arch, {}).values()
    if not model or not rows:
        return
    if model in _refused(arch, case.text("binary-format")) and model not in {
        r.get("code-model") for r in rows
    }:
        what = f"LLVM has no code model `{model}` for `{arch}`: it stops with a fatal error"
        yield Finding(what, place, edits=(Edit("code-model", remove=True),))
    elif arch in IGNORED and model != "small":
        what = f"LLVM ignores the code model on `{arch}`: `{model}` does nothing"
        yield Finding(what, place, edits=(Edit("code-model", remove=True),), severity="warning")
    elif model == "kernel" and case.hosted:
        what = "the kernel code model in a target with an OS: programs lie below 2 GiB, not at the top"
        yield Finding(what, place, edits=(Edit("code-model", "small"),), safe=case.os is not None)


def _refused(arch: str, form: str) -> tuple[str, ...]:
    """The code models that make LLVM stop."""
    if arch in X86:
        return ("tiny",)
    if arch in AARCH64:
        return ("kernel", "medium") if form == "elf" else ("kernel", "medium", "tiny")
    if arch in IGNORED:
        return ()
    return ("tiny", "kernel", "large") if arch == "loongarch32" else ("tiny", "kernel")
