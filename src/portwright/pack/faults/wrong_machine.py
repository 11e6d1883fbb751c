"""A binary for another CPU than the port's.

## What it is
The ELF or PE header's machine, width or byte order, held against the CPU of the port's ledger.

## Why is this bad?
Some loaders do not look, and execute the bytes of another instruction set; others say "no such file".

## Example
The host's own `ls` in an image for aarch64.

## What to do
Build it for the port's target.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.formats import elf as elves
from portwright.formats import pe as pes
from portwright.pack.fault import Found
from portwright.pack.subject import Case

PE_OF_ELF = {3: 0x014C, 40: 0x01C2, 62: 0x8664, 183: 0xAA64, 243: 0x5064, 258: 0x6264}


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    if case.port is None:
        return
    cpu = case.port.cpu
    wanted = f"{cpu.name} ({cpu.pointer_bits} bits, {cpu.endian}-endian)"
    if case.elf is not None:
        elf = case.elf
        if (elf.machine, elf.bits, elf.endian) != (cpu.elf_machine, cpu.pointer_bits, cpu.endian):
            machine = elves.MACHINES.get(elf.machine, f"machine {elf.machine}")
            what = f"it is for {machine} ({elf.bits} bits, {elf.endian}-endian)"
            yield Found(f"{what}, and {case.port.name} runs on {wanted}")
    elif case.pe is not None and case.pe.machine != PE_OF_ELF.get(cpu.elf_machine, case.pe.machine):
        machine = pes.MACHINES.get(case.pe.machine, f"machine {case.pe.machine:#x}")
        yield Found(f"it is for {machine}, and {case.port.name} runs on {wanted}")
