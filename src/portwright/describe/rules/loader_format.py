"""Programs in a format that the OS's loader does not take.

## What it does
Holds the object format of the spec against `[os] loads`.

## Why is this bad?
The program links without a fault and the OS refuses to start it.

## Example
ELF programs for `loads = ["macho-exec"]`: they need a conversion, since LLVM writes no Mach-O for every CPU.

## Since
All versions of rustc.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Finding, Severity
from portwright.describe.spec_case import Case

PREFIX = {"elf": "elf-", "mach-o": "macho-"}


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    if case.os is None:
        return
    form = case.text("binary-format")
    prefix = PREFIX.get(form, f"{form}-")
    if any(kind.startswith(prefix) for kind in case.os.loads):
        return
    what = f"programs are {form}, and the loader takes only {', '.join(case.os.loads)}"
    rows = case.facts.by_arch.get(case.text("arch"), {}).values()
    can = {str(row.get("binary-format", "elf")) for row in rows}
    wanted = {name for name, head in PREFIX.items() if any(kind.startswith(head) for kind in case.os.loads)}
    # Where LLVM cannot write the format for this CPU, ELF and a conversion are the only way.
    severity: Severity = "error" if wanted & can else "note"
    hint = (
        f"set `binary-format` to one of {sorted(wanted & can)}"
        if wanted & can
        else "convert them after linking"
    )
    yield Finding(what, ("binary-format",), hint, severity)
