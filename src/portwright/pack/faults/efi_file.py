"""An EFI file that firmware will not start.

## What it is
A PE file named as one for another CPU (`BOOTAA64.EFI`), with a subsystem that is none of EFI's, or without an entry.

## Why is this bad?
Firmware passes over such a file without a word and goes on to the next boot entry, or to its shell.

## Example
`BOOTX64.EFI` copied to `EFI/BOOT/BOOTAA64.EFI`.

## What to do
Link it for EFI on the right CPU (`/subsystem:efi_application`, a target `-unknown-uefi`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portwright.formats import pe as pes
from portwright.pack.fault import Found
from portwright.pack.subject import Case

BOOT_NAME = re.compile(r"^boot(ia32|x64|arm|aa64|riscv64|loongarch64)\.efi$", re.IGNORECASE)
MACHINES = {
    "ia32": 0x014C,
    "x64": 0x8664,
    "arm": 0x01C2,
    "aa64": 0xAA64,
    "riscv64": 0x5064,
    "loongarch64": 0x6264,
}


def check(case: Case) -> Iterator[Found]:
    """One finding per fault."""
    if case.pe is None or not case.file_name.lower().endswith(".efi"):
        return
    named = BOOT_NAME.match(case.file_name)
    if named and case.pe.machine != MACHINES[named[1].lower()]:
        machine = pes.MACHINES.get(case.pe.machine, f"machine {case.pe.machine:#x}")
        wanted = pes.MACHINES[MACHINES[named[1].lower()]]
        yield Found(f"its name is that of a boot loader for {wanted}, and it is for {machine}")
    if case.pe.subsystem not in pes.EFI_SUBSYSTEMS:
        words = pes.SUBSYSTEMS.get(case.pe.subsystem, f"subsystem {case.pe.subsystem}")
        yield Found(f"it is no EFI file: its subsystem is {case.pe.subsystem} ({words})")
    if not case.pe.entry or case.pe.section_at(case.pe.entry) is None:
        yield Found(f"its entry {case.pe.entry:#x} is in no section", case.pe.entry)
