"""A triple from which Cranelift cannot tell the object format.

## What it does
Reports, for a port whose code generator is Cranelift, an `llvm-target` with an OS that no target of rustc has
and without a format at its end.

## Why is this bad?
rustc_codegen_cranelift stops with "binary format is unknown"; LLVM would have taken ELF.

## Example
`"llvm-target": "aarch64-unknown-myos"` becomes `"aarch64-unknown-none-elf"`.

## Since
All versions of rustc_codegen_cranelift.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

FORMATS = ("elf", "macho", "coff", "wasm", "xcoff")


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    triple = case.text("llvm-target")
    words = triple.split("-")
    if case.backend != "cranelift" or len(words) < 2 or words[-1] in FORMATS:
        return
    if any(word in case.facts.triple_parts - {"unknown", "none"} for word in words[1:]):
        return
    edits = (Edit("llvm-target", f"{words[0]}-unknown-none-elf"),)
    yield Finding(f"Cranelift cannot tell the object format of `{triple}`", ("llvm-target",), edits=edits)
