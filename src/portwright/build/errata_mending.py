"""Mends the known faults of a code generator, in LLVM IR or in its assembly: those of `errata/` that are the CPU's."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from portwright.base import rooms
from portwright.base.errors import Where
from portwright.build import ir_text

ROOM = "portwright.build.errata"


def of_cpu(arch: str) -> dict[str, ModuleType]:
    """The errata of a CPU by their names, in the order in which they mend."""
    found = {name: entry for name, entry in rooms.load_all(ROOM).items() if arch == entry.ARCH}
    return dict(sorted(found.items(), key=lambda row: (row[1].ORDER, row[0])))


def unseen_in(arch: str, llvm: str) -> str | None:
    """What is to be said where none of a CPU's faults has been looked for in such an LLVM (its major version)."""
    known = {version for entry in of_cpu(arch).values() for version in entry.KNOWN_IN}
    if not known or llvm in known:
        return None
    seen = " and ".join(sorted(known, key=int))
    return (
        f"the faults of LLVM's code for {arch} that are mended were found in version {seen}: {llvm} may have others "
        "(`portwright codegen PORT` hunts for them)"
    )


def mend_ir(arch: str, text: str, name: str, without: Sequence[str] = ()) -> tuple[str, dict[str, int]]:
    """The mended LLVM IR, and how many places each fault had in it that only IR shows."""
    entries = {fault: entry for fault, entry in of_cpu(arch).items() if hasattr(entry, "mend_ir")}
    if not entries:
        return text, {}
    module = ir_text.read(text, name)
    counts = {fault: entry.mend_ir(module) for fault, entry in entries.items() if fault not in without}
    counts = {fault: count for fault, count in counts.items() if count}
    return (module.text() if counts else text), counts


def passes(arch: str, without: Sequence[str] = ()) -> list[str]:
    """llc's passes before which its own code is wanted."""
    entries = [entry for fault, entry in of_cpu(arch).items() if fault not in without]
    return sorted({entry.BEFORE_PASS for entry in entries if hasattr(entry, "BEFORE_PASS")})


def mend(
    arch: str, text: str, name: str, without: Sequence[str] = (), machine: str = ""
) -> tuple[str, dict[str, int]]:
    """The mended assembly, and how many places each fault had in it; that of a CPU without errata stays as it is.

    `without` names faults to leave as they are; `machine` is what llc said of its own code before the `passes`.
    """
    entries = {fault: entry for fault, entry in of_cpu(arch).items() if hasattr(entry, "mend")}
    if not entries:
        return text, {}
    unit = next(iter(entries.values())).read(text, Where(name))
    unit.machine = machine
    counts = {fault: entry.mend(unit) for fault, entry in entries.items() if fault not in without}
    return unit.text(), {fault: count for fault, count in counts.items() if count}
