"""AArch64 for the engines: Unicorn's names, and how its programs call and return."""

from __future__ import annotations

from typing import Any

from portwright.run.cpu import CallCode, Emulated, EngineCpu, FunctionEntry, Unwinding

GENERAL = (*(f"x{number}" for number in range(31)), "sp")
VECTOR = tuple(f"v{number}" for number in range(32))

CARRY = 1 << 29
ERET = b"\xe0\x03\x9f\xd6"
# System registers as (CRn, CRm, op0, op1, op2), and the bits with which a kernel lets programs do what Linux does:
SPSR, ELR = (4, 0, 3, 0, 0), (4, 0, 3, 0, 1)
ALLOWED = {
    (1, 0, 3, 0, 2): 3 << 20,  # CPACR_EL1.FPEN: float and vector instructions
    (1, 0, 3, 0, 0): 1 << 14 | 1 << 15 | 1 << 26,  # SCTLR_EL1.DZE, UCT, UCI: work on caches
    (14, 1, 3, 0, 0): 3,  # CNTKCTL_EL1: look at the counters
}


def enter_user_mode(uc: Any) -> None:
    """Leave exception level 1, in which Unicorn begins, the way a kernel does: by ERET."""
    from unicorn import UC_PROT_ALL
    from unicorn.arm64_const import UC_ARM64_REG_CP_REG

    for place, bits in ALLOWED.items():
        held = uc.reg_read(UC_ARM64_REG_CP_REG, place)
        uc.reg_write(UC_ARM64_REG_CP_REG, (*place, held | bits))
    page = 0x1_0000
    uc.mem_map(page, 0x1000, UC_PROT_ALL)
    uc.mem_write(page, ERET)
    uc.reg_write(UC_ARM64_REG_CP_REG, (*SPSR, 0))
    uc.reg_write(UC_ARM64_REG_CP_REG, (*ELR, page + len(ERET)))
    uc.emu_start(page, page + len(ERET), count=1)
    uc.mem_unmap(page, 0x1000)


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
        # A bad access to memory is no interrupt here: what is left of aborts are addresses that are not aligned.
        faults={1: "illegal", 3: "alignment", 4: "alignment", 7: "breakpoint"},
        faults_stay=True,
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
