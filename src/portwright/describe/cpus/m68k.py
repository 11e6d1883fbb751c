"""The 68000 family from the 68020 on, from Motorola's M68000 Family Programmer's Reference Manual.

Its floating-point registers are left out: nothing portable is passed in them, and emulators do not show them.
"""

from __future__ import annotations

from portwright.describe.cpu import Cpu, RustAsm, Trap

CPU = Cpu(
    name="m68k",
    rustc_arch="m68k",
    pointer_bits=32,
    endian="big",
    registers=(*(f"d{number}" for number in range(8)), *(f"a{number}" for number in range(7)), "sp"),
    vector_registers=(),
    stack_pointer="sp",
    program_counter="pc",
    tls_variant=1,
    # TRAP keeps everything on the supervisor's stack, which a program does not see.
    traps={
        f"trap #{number}": Trap(f"trap #{number}", bytes((0x4E, 0x40 | number)), ()) for number in range(16)
    },
    elf_machine=4,
    macho_cpu=6,
    rust_asm=RustAsm(
        refused=("a4", "a5", "a6", "sp"),
        negate_on_carry=("bcc.s 2f", "neg.l {result}", "2:"),
        prefix="%",
        experimental=True,
        clear_word="clr.l ({address})",
    ),
    arithmetic_flags=0x1F,  # C, V, Z, N, X
)
