"""x86-64 for the engines: Linux's `struct user_regs_struct` and system calls, Unicorn's names."""

from __future__ import annotations

import struct
from typing import Any

from portwright.run.cpu import CallCode, Emulated, EngineCpu, FunctionEntry, Hosted, Unwinding

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

# Descriptors as the processor keeps them: kernel code and data, then a program's data and code.
DESCRIPTORS = struct.pack(
    "<5Q", 0, 0x0020_9B00_0000_0000, 0x00CF_9300_0000_FFFF, 0x00CF_F300_0000_FFFF, 0x0020_FB00_0000_0000
)
PROGRAM_DATA, PROGRAM_CODE = 0x18 | 3, 0x20 | 3
FLAGS_AT_START = 0x202  # interrupts on, and the bit that is always 1
SSE_ALLOWED = 0x600  # CR4.OSFXSR and OSXMMEXCPT: without them LDMXCSR is no instruction


def enter_user_mode(uc: Any) -> None:
    """Leave privilege level 0, in which Unicorn begins, the way a kernel does: by IRETQ."""
    from unicorn import UC_PROT_ALL, x86_const

    uc.reg_write(x86_const.UC_X86_REG_CR4, uc.reg_read(x86_const.UC_X86_REG_CR4) | SSE_ALLOWED)
    page = 0x1_0000
    code, stack, after = page + 0x100, page + 0x800, page + 0x102
    uc.mem_map(page, 0x1000, UC_PROT_ALL)
    uc.mem_write(page, DESCRIPTORS)
    uc.mem_write(code, b"\x48\xcf")  # iretq
    uc.mem_write(stack, struct.pack("<5Q", after, PROGRAM_CODE, FLAGS_AT_START, 0, PROGRAM_DATA))
    uc.reg_write(x86_const.UC_X86_REG_GDTR, (0, page, len(DESCRIPTORS) - 1, 0))
    uc.reg_write(x86_const.UC_X86_REG_RSP, stack)
    uc.emu_start(code, after, count=1)
    uc.reg_write(x86_const.UC_X86_REG_GDTR, (0, 0, 0, 0))
    uc.mem_unmap(page, 0x1000)


CPU = EngineCpu(
    name="x86-64",
    disassembler=("CS_ARCH_X86", "CS_MODE_64"),
    longest_instruction=15,
    address_bits=47,
    stack_writers=("push", "pushfq", "pushf", "call", "enter", "lcall"),
    stack_readers=("pop", "popfq", "popf", "ret", "retf", "retfq", "leave", "iretq", "iretd"),
    relative_relocation=8,  # R_X86_64_RELATIVE
    function_entry=FunctionEntry("rdi", above_stack=8),
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
        state_note=0x202,  # NT_X86_XSTATE: AVX and whatever else the processor has, with what PRFPREG shows
        calls={
            "mmap": 9,
            "mprotect": 10,
            "munmap": 11,
            "clone": 56,
            "prctl": 157,
            "seccomp": 317,
            "close_range": 436,
        },
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
            8: "other",  # double fault
            13: "illegal",
            16: "other",  # x87 floating-point trap
            17: "alignment",
            19: "other",  # SSE floating-point trap
        },
        raising=(b"\xcc", b"\xcd\x03", *(bytes((0xCD, number)) for number in range(256))),
        forbidden=("UC_X86_INS_IN", "UC_X86_INS_OUT", "UC_X86_INS_SYSENTER"),
        begin=enter_user_mode,
        exact_stops=True,
    ),
    thread_segment="fs:",
    carry_flag=1,
    unwinding=Unwinding(
        dwarf_registers=(
            *("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp"),
            *(f"r{n}" for n in range(8, 16)),
            "pc",
        ),
        frame_pointer="rbp",
        calls=(
            CallCode(b"\xe8", b"\xff", 4),  # call rel32
            CallCode(b"\xff\x15", b"\xff\xff", 4),  # call [rip + disp32]
            CallCode(b"\xff\xd0", b"\xff\xf8"),  # call reg
            CallCode(b"\xff\x10", b"\xff\xf8"),  # call [reg]
            CallCode(b"\xff\x50", b"\xff\xf8", 1),  # call [reg + disp8]
            CallCode(b"\xff\x90", b"\xff\xf8", 4),  # call [reg + disp32]
            CallCode(b"\xff\x14", b"\xff\xff", 1),  # call [base + index]
            CallCode(b"\xff\x54", b"\xff\xff", 2),  # call [base + index + disp8]
        ),
    ),
)
