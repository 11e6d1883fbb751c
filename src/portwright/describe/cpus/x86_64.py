"""x86-64, from the AMD64 Architecture Programmer's Manual and the System V psABI."""

from __future__ import annotations

from portwright.describe.cpu import Cpu, RustAsm, Trap

CPU = Cpu(
    name="x86-64",
    rustc_arch="x86_64",
    pointer_bits=64,
    endian="little",
    registers=(
        *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
        *(f"r{number}" for number in range(8, 16)),
    ),
    vector_registers=tuple(f"xmm{number}" for number in range(16)),
    stack_pointer="rsp",
    program_counter="rip",
    tls_variant=2,
    traps={
        # SYSCALL saves the return address in rcx and RFLAGS in r11.
        "syscall": Trap("syscall", b"\x0f\x05", ("rcx", "r11")),
        "int 0x80": Trap("int 0x80", b"\xcd\x80", ()),
    },
    elf_machine=62,
    rust_asm=RustAsm(
        refused=("rbx", "rbp"),
        exchange="xchg {register}, {slot}",
        negate_on_carry=("jnc 2f", "neg {result}", "2:"),
        new_thread=("test {result}, {result}", "jnz 3f", "mov rdi, [rsp]", "jmp {entry}", "3:"),
        clear_word="mov dword ptr [{address}], 0",
    ),
    unwinder=True,
)
