"""The 68000 family from the 68020 on, from Motorola's M68000 Family Programmer's Reference Manual.

Its floating-point registers are left out: nothing portable is passed in them, and emulators do not show them.
"""

from __future__ import annotations

from portwright.describe.cpu import Cpu, Probing, RustAsm, Trap

KEPT = "%d2-%d7/%a2-%a6"  # by functions, as the System V psABI of this CPU has it

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
    packed_words=True,
    named_models=True,
    macho_cpu=6,
    rust_asm=RustAsm(
        refused=("a4", "a5", "a6", "sp"),
        negate_on_carry=("bcc.s 2f", "neg.l {result}", "2:"),
        prefix="%",
        experimental=True,
        clear_word="clr.l ({address})",
    ),
    arithmetic_flags=0x1F,  # C, V, Z, N, X
    probing=Probing(
        bare_target="m68k-unknown-none-elf",
        place="probe_block+{offset}",
        # MOVE would set the flags; MOVEM leaves them alone. LLVM, which reads this, does not know the name MOVEA.
        load="movem.l {place}, %{register}",
        store="movem.l %{register}, {place}",
        load_vector="",
        store_vector="",
        before_entry=(),
        enter=("move.l %sp, %a0", "move.l %a0, -(%sp)", "jsr probe_begin", "illegal"),
        prologue=(f"movem.l {KEPT}, -(%sp)", "move.l %sp, {stack}"),
        epilogue=("move.l {stack}, %sp", f"movem.l (%sp)+, {KEPT}", "rts"),
        # A program sees the lower half of the status register, the word's last byte.
        set_flags=("move.w {flags_before}+2, %ccr",),
        get_flags=("move.w %ccr, {flags_after}+2",),
        flags_tried=(0, 0x1F),
        carry=1,
        thread_pointer=("rts",),  # the CPU has no register for it
    ),
)
