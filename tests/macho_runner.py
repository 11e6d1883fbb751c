"""Runs a Mach-O program of NeXT's in Unicorn, for tests: `python macho_runner.py FILE`; only `write` and `exit`.

It loads as the kernel does: whole pages from the file, zeros behind them, nothing at page 0. A process of its own,
since some instructions take Unicorn's process with them.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import unicorn
from unicorn import m68k_const as m68k

from portwright.base.sources import Memory
from portwright.formats import macho

TOP, STACK, PAGE = 0x0400_0000, 512 << 10, 8192


def main(path: str) -> int:
    """The exit status of the program."""
    data = Path(path).read_bytes()
    program = macho.load(Memory(data))
    uc = unicorn.Uc(unicorn.UC_ARCH_M68K, unicorn.UC_MODE_BIG_ENDIAN)
    uc.ctl_set_cpu_model(m68k.UC_CPU_M68K_M68040)
    for row in program.segments:
        if row.initial:
            uc.mem_map(row.address, row.memory_size)
            uc.mem_write(row.address, data[row.file_offset : row.file_offset + row.file_size])
    uc.mem_map(TOP - STACK, STACK)
    uc.reg_write(m68k.UC_M68K_REG_SR, 0)
    stack = TOP - 0x100
    uc.mem_write(stack, struct.pack(">3I", 0, 0, 0))
    uc.reg_write(m68k.UC_M68K_REG_A7, stack)
    status: list[int] = []

    def trap(uc: unicorn.Uc, number: int, _: object) -> None:
        call, first, second, third = (uc.reg_read(m68k.UC_M68K_REG_D0 + index) for index in range(4))
        if number == 32 + 4 and call == 4 and first == 1:
            sys.stdout.buffer.write(uc.mem_read(second, third))
            uc.reg_write(m68k.UC_M68K_REG_PC, uc.reg_read(m68k.UC_M68K_REG_PC) + 2)
        else:
            status.append(first & 0xFF if (number, call) == (36, 1) else 255)
            uc.emu_stop()

    uc.hook_add(unicorn.UC_HOOK_INTR, trap)
    entry = program.entry
    assert entry is not None
    try:
        uc.emu_start(entry, 0xFFFF_FFFF, 5_000_000)
    except unicorn.UcError as error:
        print(f"{error} at {uc.reg_read(m68k.UC_M68K_REG_PC):#x}", file=sys.stderr)
    sys.stdout.buffer.flush()
    return status[0] if status else 254


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
