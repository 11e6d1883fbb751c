"""x86-64, from the AMD64 Architecture Programmer's Manual and the System V psABI."""

from __future__ import annotations

from portwright.describe.cpu import Cpu, Probing, RustAsm, Trap

KEPT = ("rbx", "rbp", "r12", "r13", "r14", "r15")  # by functions, as the psABI has it

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
    arithmetic_flags=0x8D5,  # CF, PF, AF, ZF, SF, OF
    probing=Probing(
        bare_target="x86_64-unknown-none",
        place="[rip + probe_block + {offset}]",
        load="mov {register}, {place}",
        store="mov {place}, {register}",
        load_vector="movdqu {register}, {place}",
        store_vector="movdqu {place}, {register}",
        before_entry=(),
        enter=("cld", "mov rdi, rsp", "and rsp, -16", "call probe_begin", "ud2"),
        prologue=(*(f"push {name}" for name in KEPT), "mov {stack}, rsp"),
        epilogue=("mov rsp, {stack}", *(f"pop {name}" for name in reversed(KEPT)), "cld", "ret"),
        set_flags=("push qword ptr {flags_before}", "popfq"),
        get_flags=("pushfq", "pop qword ptr {flags_after}"),
        flags_tried=(0x202, 0xAD7),
        carry=1,
        # RDFSBASE is there where CPUID says so, and the kernel has switched it on.
        thread_pointer=(
            *("push rbx", "mov eax, 7", "xor ecx, ecx", "cpuid", "test ebx, 1", "pop rbx", "jz 2f"),
            *("rdfsbase rax", "mov {thread_pointer}, rax", "mov qword ptr {thread_pointer_known}, 1"),
            *("2:", "ret"),
        ),
    ),
)
