"""The 68000 family for the engines: Unicorn's names, and how its programs call and return.

Unicorn's 68040 is told to be one: what it takes by default is a ColdFire, which lacks much of a 68000's. What it
does not do as the CPU does: it reads the flags wrongly that instructions before have set (they can be set, and code
sees them right), an odd address to run at is an illegal instruction, TRAPV is one too, and BKPT hangs (the process
that it is in is then ended, run/worker.py).
"""

from __future__ import annotations

from typing import Any

from portwright.run.cpu import CallCode, Emulated, EngineCpu, FunctionEntry, Unwinding
from portwright.run.engine import FaultKind

GENERAL = (*(f"d{number}" for number in range(8)), *(f"a{number}" for number in range(7)))

CARRY = 1
FIRST_TRAP = 32
FLOATING_POINT = range(48, 55)


def enter_user_mode(uc: Any) -> None:
    """Leave supervisor mode, in which Unicorn begins: the first write of SR exchanges the stack pointers."""
    from unicorn.m68k_const import UC_M68K_REG_SR

    uc.reg_write(UC_M68K_REG_SR, 0)


FAULTS: dict[int, FaultKind] = {
    3: "alignment",
    4: "illegal",
    5: "divide",
    6: "other",  # CHK
    7: "other",  # TRAPcc
    8: "illegal",  # privileged
    10: "illegal",  # line A
    11: "illegal",  # line F: a coprocessor's
    **dict.fromkeys(FLOATING_POINT, "other"),
}

CPU = EngineCpu(
    name="m68k",
    disassembler=("CS_ARCH_M68K", "CS_MODE_M68K_040"),
    longest_instruction=22,
    address_bits=32,
    stack_writers=("pea", "link", "jsr", "bsr"),
    stack_readers=("rts", "rtd", "rtr", "unlk"),
    relative_relocation=22,  # R_68K_RELATIVE
    function_entry=FunctionEntry(None, alignment=4, above_stack=8),
    emulated=Emulated(
        arch="UC_ARCH_M68K",
        mode="UC_MODE_BIG_ENDIAN",
        constants="unicorn.m68k_const",
        registers={
            **{name: f"UC_M68K_REG_{name.upper()}" for name in GENERAL},
            "sp": "UC_M68K_REG_A7",
            "pc": "UC_M68K_REG_PC",
            "flags": "UC_M68K_REG_SR",
        },
        model="UC_CPU_M68K_M68040",
        traps={f"trap #{number}": ("interrupt", FIRST_TRAP + number) for number in range(16)},
        advance=2,
        faults=FAULTS,
        faults_stay=True,
        begin=enter_user_mode,
    ),
    carry_flag=CARRY,
    unwinding=Unwinding(
        dwarf_registers=(*GENERAL, "sp"),
        frame_pointer="a6",
        stack_step=2,
        calls=(
            CallCode(b"\x4e\xb9", b"\xff\xff", 4),  # jsr address.l
            CallCode(b"\x4e\x90", b"\xff\xf8"),  # jsr (An)
            CallCode(b"\x4e\xa8", b"\xff\xf8", 2),  # jsr (d16,An)
            CallCode(b"\x4e\xb0", b"\xff\xf8", 2),  # jsr (d8,An,Xn), and jsr address.w
            CallCode(b"\x4e\xba", b"\xff\xfe", 2),  # jsr (d16,PC), (d8,PC,Xn)
            CallCode(b"\x61\xff", b"\xff\xff", 4),  # bsr.l
            CallCode(b"\x61\x00", b"\xff\xff", 2),  # bsr.w
            CallCode(b"\x61\x00", b"\xff\x00"),  # bsr.s
        ),
    ),
)
