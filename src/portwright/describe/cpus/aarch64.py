"""AArch64, from the Arm Architecture Reference Manual for A-profile and the AAPCS64."""

from __future__ import annotations

from portwright.describe.cpu import Cpu, Probing, RustAsm, Trap

# The block of a probe, whose address is given to the stack pointer: no other register is free around a trap.
BLOCK = ("adrp x0, probe_block", "add x0, x0, :lo12:probe_block")
PAIRS = tuple(
    (f"x{number}", f"x{number + 1}") for number in range(19, 31, 2)
)  # kept by functions (AAPCS64), and x30

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
    arithmetic_flags=0xF000_0000,  # N, Z, C, V
    probing=Probing(
        bare_target="aarch64-unknown-none-softfloat",
        directives=(".arch armv8-a+fp+simd",),
        place="[sp, #{offset}]",
        load="ldr {register}, {place}",
        store="str {register}, {place}",
        load_vector="ldr q{digits}, {place}",
        store_vector="str q{digits}, {place}",
        before_entry=(
            *("stp x0, x1, [sp, #-16]", *BLOCK, "mov x1, sp", "str x1, [x0, #{stack_at}]", "mov sp, x0"),
            *("ldr x1, {stack}", "ldp x0, x1, [x1, #-16]"),
        ),
        enter=("ldr x0, {stack}", "and sp, x0, #-16", "bl probe_begin", "brk #1"),
        prologue=(
            f"sub sp, sp, #{16 * len(PAIRS)}",
            *(f"stp {one}, {two}, [sp, #{16 * index}]" for index, (one, two) in enumerate(PAIRS)),
            *(*BLOCK, "mov x1, sp", "str x1, [x0, #{stack_at}]", "mov sp, x0"),
        ),
        epilogue=(
            *("ldr x0, {stack}", "mov sp, x0"),
            *(f"ldp {one}, {two}, [sp, #{16 * index}]" for index, (one, two) in enumerate(PAIRS)),
            *(f"add sp, sp, #{16 * len(PAIRS)}", "ret"),
        ),
        set_flags=("ldr x0, {flags_before}", "msr nzcv, x0"),
        get_flags=("mrs x0, nzcv", "str x0, {flags_after}"),
        flags_tried=(0, 0xF000_0000),
        carry=0x2000_0000,
        thread_pointer=(
            *(*BLOCK, "mrs x1, tpidr_el0", "str x1, [x0, #{thread_pointer_at}]"),
            *("mov x1, #1", "str x1, [x0, #{thread_pointer_known_at}]", "ret"),
        ),
    ),
    unwinder=True,
)
