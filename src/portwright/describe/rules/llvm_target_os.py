"""An OS in `llvm-target` that LLVM does not know.

## What it does
Reports a word of `llvm-target` after the CPU that occurs in none of the found rustc's own targets, and object
formats that LLVM does not have for the CPU.

## Why is this bad?
LLVM takes an unknown OS as "no OS" without a word: ELF is written even where the OS has another format, and
what depends on the OS (TLS, stack probes, long double) is LLVM's default. No LLVM patch is needed for a new OS;
a triple that says what LLVM really does hides nothing.

## Example
`m68k-next-nextstep` silently writes ELF; `x86_64-unknown-none-elf` says so.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case

# Words that LLVM knows although no target of rustc has them.
FORMATS = {"elf": "elf", "macho": "mach-o", "coff": "coff", "wasm": "wasm", "xcoff": "xcoff"}
MORE = frozenset({"none", "unknown", "eabi", "eabihf", "gnu", "musl", "pc", *FORMATS})


def check(case: Case) -> Iterator[Finding]:
    """At most one finding about the OS and one about the format."""
    triple = case.text("llvm-target")
    cpu, *words = triple.split("-")
    # The vendor (the word before the OS in a triple of three or four) changes nothing.
    system = words[1:] if len(words) > 1 else words
    unknown = [word for word in system if word not in case.facts.triple_parts | MORE]
    if unknown and _stripped(unknown[0]) not in {_stripped(part) for part in case.facts.triple_parts}:
        what = f"LLVM knows no OS `{unknown[0]}`: it takes `{triple}` as no OS at all, and writes ELF"
        edits = (Edit("llvm-target", f"{cpu}-unknown-none-elf"),)
        yield Finding(what, ("llvm-target",), severity="warning", edits=edits)
    rows = case.facts.by_arch.get(case.text("arch"), {}).values()
    have = {str(row.get("binary-format", "elf")) for row in rows}
    asked = {FORMATS[word] for word in system if word in FORMATS} | {case.text("binary-format")}
    for form in sorted(asked - have) if rows else ():
        in_triple = form in {FORMATS.get(word) for word in system}
        what = f"LLVM cannot write {form} for `{case.text('arch')}`: it crashes, or writes ELF"
        hint = "have ELF written and convert it"
        yield Finding(what, ("llvm-target" if in_triple else "binary-format",), hint)


def _stripped(word: str) -> str:
    """A triple's word without its version (`macosx10.12` -> `macosx`)."""
    return word.rstrip("0123456789.")
