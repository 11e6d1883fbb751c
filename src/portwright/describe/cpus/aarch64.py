"""AArch64, from the Arm Architecture Reference Manual for A-profile and the AAPCS64."""

from __future__ import annotations

from portwright.describe.cpu import Cpu, RustAsm, Trap

CPU = Cpu(
    name="aarch64",
    rustc_arch="aarch64",
    pointer_bits=64,
    endian="little",
    registers=(*(f"x{number}" for number in range(31)), "sp"),
    vector_registers=tuple(f"v{number}" for number in range(32)),
    stack_pointer="sp",
    program_counter="pc",
    tls_variant=1,
    # SVC keeps the return address and the flags in registers that a program does not see.
    traps={"svc #0": Trap("svc #0", b"\x01\x00\x00\xd4", ())},
    elf_machine=183,
    rust_asm=RustAsm(
        refused=("x18", "x19", "x29"),
        negate_on_carry=("cneg {result}, {result}, cs",),
        new_thread=("cbnz {result}, 3f", "ldr x0, [sp]", "b {entry}", "3:"),
        clear_word="stlr wzr, [{address}]",
    ),
)
