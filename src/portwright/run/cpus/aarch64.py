"""AArch64 for the engines: Unicorn's names, and how its programs call and return."""

from __future__ import annotations

from typing import Any

from portwright.run.cpu import CallCode, Emulated, EngineCpu, FunctionEntry, Unwinding

GENERAL = (*(f"x{number}" for number in range(31)), "sp")
VECTOR = tuple(f"v{number}" for number in range(32))

ARITHMETIC_ALLOWED = 3 << 20  # CPACR_EL1.FPEN: float and vector instructions do not trap
PROGRAM_ALLOWED = 1 << 14 | 1 << 15 | 1 << 26  # SCTLR_EL1.DZE, UCT, UCI: what kernels let programs do with caches
CARRY = 1 << 29


def enter_user_mode(uc: Any) -> None:
    """Leave exception level 1, in which Unicorn begins, for 0."""
    from unicorn import arm64_const

    for (op0, op1, crn, crm, op2), bits in (
        ((3, 0, 1, 0, 2), ARITHMETIC_ALLOWED),
        ((3, 0, 1, 0, 0), PROGRAM_ALLOWED),
    ):
        place = (crn, crm, op0, op1, op2)
        held = uc.reg_read(arm64_const.UC_ARM64_REG_CP_REG, place)
        uc.reg_write(arm64_const.UC_ARM64_REG_CP_REG, (*place, held | bits))
    uc.reg_write(arm64_const.UC_ARM64_REG_PSTATE, 0)


CPU = EngineCpu(
    name="aarch64",
    disassembler=("CS_ARCH_ARM64", "CS_MODE_ARM"),
    longest_instruction=4,
    address_bits=48,
    stack_writers=(),
    stack_readers=(),
    relative_relocation=1027,  # R_AARCH64_RELATIVE
    function_entry=FunctionEntry("x0"),
    emulated=Emulated(
        arch="UC_ARCH_ARM64",
        mode="UC_MODE_ARM",
        constants="unicorn.arm64_const",
        registers={
            **{name: f"UC_ARM64_REG_{name.upper()}" for name in (*GENERAL, *VECTOR, "pc")},
            "flags": "UC_ARM64_REG_NZCV",
            "thread-pointer": "UC_ARM64_REG_TPIDR_EL0",
        },
        model="UC_CPU_ARM64_MAX",
        traps={"svc #0": ("interrupt", 2)},
        advance=0,
        faults={1: "illegal", 3: "execute", 4: "other", 7: "breakpoint"},
        begin=enter_user_mode,
    ),
    carry_flag=CARRY,
    unwinding=Unwinding(
        dwarf_registers=GENERAL,
        frame_pointer="x29",
        calls=(
            CallCode(b"\x00\x00\x00\x94", b"\x00\x00\x00\xfc"),  # bl label
            CallCode(b"\x00\x00\x3f\xd6", b"\x1f\xfc\xff\xff"),  # blr register
        ),
    ),
)
