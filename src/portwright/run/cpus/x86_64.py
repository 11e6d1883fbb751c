"""x86-64 for the engines: Linux's `struct user_regs_struct` and system calls, Unicorn's names."""

from __future__ import annotations

from portwright.run.cpu import Emulated, EngineCpu, Hosted

GENERAL = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", *(f"r{n}" for n in range(8, 16)))
VECTOR = tuple(f"xmm{n}" for n in range(16))

USER_REGS = (  # struct user_regs_struct, <sys/user.h>
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8"),
    *("rax", "rcx", "rdx", "rsi", "rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss"),
    *("fs_base", "gs_base", "ds", "es", "fs", "gs"),
)
ALIASES = {"pc": "rip", "sp": "rsp", "flags": "eflags", "thread-pointer": "fs_base"}
WORDS = {name: USER_REGS.index(name) for name in (*GENERAL, "rip")}
WORDS |= {alias: USER_REGS.index(name) for alias, name in ALIASES.items()}

SYSCALL = b"\x0f\x05"
INT3 = b"\xcc"
XOR_EDI_EDI = b"\x31\xff"
MOV_EAX_PTRACE = b"\xb8\x65\x00\x00\x00"

CPU = EngineCpu(
    name="x86-64",
    disassembler=("CS_ARCH_X86", "CS_MODE_64"),
    longest_instruction=15,
    address_bits=47,
    stack_writers=("push", "pushfq", "pushf", "call", "enter", "lcall"),
    stack_readers=("pop", "popfq", "popf", "ret", "retf", "retfq", "leave", "iretq", "iretd"),
    relative_relocation=8,  # R_X86_64_RELATIVE
    hosted=Hosted(
        machines=("x86_64", "amd64"),
        audit_arch=0xC000_003E,
        words=WORDS,
        word_count=len(USER_REGS),
        number="rax",
        moved_number=USER_REGS.index("orig_rax"),
        proves_trap=("syscall", "rcx", "rip"),
        vectors={name: 160 + 16 * n for n, name in enumerate(VECTOR)},  # in struct user_fpregs_struct
        vectors_size=512,
        calls={"mmap": 9, "mprotect": 10, "munmap": 11, "prctl": 157, "seccomp": 317, "close_range": 436},
        call_arguments=("rdi", "rsi", "rdx", "r10", "r8", "r9"),
        page=0x7FFF_FFFF_E000,
        stub=SYSCALL + INT3,
        stub_after_call=len(SYSCALL),
        begin=MOV_EAX_PTRACE + XOR_EDI_EDI + SYSCALL + INT3,  # ptrace(PTRACE_TRACEME), then stop
        breakpoints=(b"\xcc", b"\xcd\x03", b"\xf1"),
    ),
    emulated=Emulated(
        arch="UC_ARCH_X86",
        mode="UC_MODE_64",
        constants="unicorn.x86_const",
        registers={
            **{name: f"UC_X86_REG_{name.upper()}" for name in (*GENERAL, *VECTOR, "rip")},
            "pc": "UC_X86_REG_RIP",
            "sp": "UC_X86_REG_RSP",
            "flags": "UC_X86_REG_RFLAGS",
            "thread-pointer": "UC_X86_REG_FS_BASE",
        },
        model="UC_CPU_X86_QEMU64",
        traps={"syscall": ("instruction", "UC_X86_INS_SYSCALL"), "int 0x80": ("interrupt", 0x80)},
        advance=0,
        faults={
            0: "divide",
            1: "breakpoint",
            3: "breakpoint",
            6: "illegal",
            13: "illegal",
            17: "alignment",
            16: "other",
            19: "other",
        },
    ),
)
