"""What a signal that stopped a native guest means: which kind of fault, at which instruction and address.

A signal says less than the CPU knew (not whether memory was read or written, no address for some faults), so
the instruction is decoded, with capstone, and its operands are worked out from the registers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from portwright.run.cpu import EngineCpu
from portwright.run.engine import Access, BadAddress, FaultKind, Stop
from portwright.run.ptrace import SignalInfo

FROM_KERNEL = 0x80  # SI_KERNEL: no address was given
NOT_MAPPED = 1  # SEGV_MAPERR
INTEGER_DIVIDE = 1  # FPE_INTDIV


class Readable(Protocol):
    """The two methods of an engine that decoding needs."""

    def read(self, address: int, length: int) -> bytes:
        """See `Engine.read`."""

    def get(self, names: Sequence[str]) -> list[int]:
        """See `Engine.get`."""


@dataclass(frozen=True, slots=True)
class Operand:
    """Memory that an instruction names: where, how many bytes, and what it does there."""

    address: int
    size: int
    access: Access


@dataclass(frozen=True, slots=True)
class Decoded:
    """An instruction as far as a fault needs it; `target` is where a jump through a register goes."""

    mnemonic: str
    text: str
    size: int
    operands: tuple[Operand, ...]
    privileged: bool
    target: int | None = None


def explain(
    engine: Readable,
    cpu: EngineCpu,
    kind: str,
    info: SignalInfo,
    access_at: Callable[[int], Access | None],
    breakpoints: tuple[bytes, ...],
) -> Stop:
    """The `Stop` for a fault signal; `kind` is `memory`, `bus`, `illegal`, `arithmetic`, `breakpoint`, `call`."""
    pc = engine.get(["pc"])[0]
    if kind == "breakpoint":
        return Stop("fault", "breakpoint", None, _before_breakpoint(engine, pc, breakpoints))
    if kind == "arithmetic":
        divide = info.code == INTEGER_DIVIDE
        return Stop(
            "fault", "divide" if divide else "other", None, pc, "" if divide else "floating-point trap"
        )
    if kind == "illegal":
        return Stop("fault", "illegal", None, pc)
    if kind == "bus":
        return Stop("fault", "alignment", info.address, pc)
    if kind == "call":
        at = info.address or pc
        return Stop("fault", "execute", at, at, "a call into the host kernel's vsyscall page")
    if info.code == FROM_KERNEL:
        return _protection_fault(engine, cpu, pc)
    return _memory_fault(engine, cpu, pc, info, access_at)


def _before_breakpoint(engine: Readable, pc: int, breakpoints: tuple[bytes, ...]) -> int:
    for code in breakpoints:
        try:
            if engine.read(pc - len(code), len(code)) == code:
                return pc - len(code)
        except BadAddress:
            continue
    return pc


def _memory_fault(
    engine: Readable, cpu: EngineCpu, pc: int, info: SignalInfo, access_at: Callable[[int], Access | None]
) -> Stop:
    address = info.address
    allowed = access_at(address)
    decoded = decode(engine, cpu, pc)
    fetching = address == pc or (decoded is None and pc < address < pc + cpu.longest_instruction)
    if fetching and not (allowed is not None and allowed & Access.EXECUTE):
        return Stop("fault", "execute", address, pc)
    wanted = _wanted(cpu, decoded, address) if decoded else Access.READ
    can_read = info.code != NOT_MAPPED and allowed is not None and bool(allowed & Access.READ)
    writes = wanted == Access.WRITE or (can_read and bool(wanted & Access.WRITE))
    return Stop("fault", "write" if writes else "read", address, pc)


def _wanted(cpu: EngineCpu, decoded: Decoded, address: int) -> Access:
    for operand in decoded.operands:
        if operand.address <= address < operand.address + operand.size:
            return operand.access
    name = decoded.mnemonic.split()[-1]
    if name in cpu.stack_writers:
        return Access.WRITE
    if name in cpu.stack_readers:
        return Access.READ
    return decoded.operands[0].access if decoded.operands else Access.READ


def _protection_fault(engine: Readable, cpu: EngineCpu, pc: int) -> Stop:
    """A fault that comes without an address: no address at all, a privileged instruction, or alignment."""
    limit = 1 << cpu.address_bits
    if pc >= limit:
        return Stop("fault", "execute", pc, pc)
    decoded = decode(engine, cpu, pc)
    if decoded is None:
        return Stop("fault", "illegal", None, pc)
    name = decoded.mnemonic.split()[-1]
    stack = engine.get(["sp"])[0]
    if stack >= limit and name in (*cpu.stack_writers, *cpu.stack_readers):
        return Stop("fault", "write" if name in cpu.stack_writers else "read", stack, pc)
    for operand in decoded.operands:
        if operand.address >= limit:
            kind: FaultKind = "write" if operand.access == Access.WRITE else "read"
            return Stop(
                "fault", kind, operand.address, pc, "not an address: its upper bits are not all equal"
            )
    if decoded.target is not None and decoded.target >= limit:
        return Stop("fault", "execute", decoded.target, decoded.target)
    if decoded.privileged:
        return Stop("fault", "illegal", None, pc, "an instruction for the kernel only")
    for operand in decoded.operands:
        if operand.size >= 16 and operand.address % operand.size:
            return Stop("fault", "alignment", operand.address, pc)
    if name in cpu.stack_readers:
        return _bad_return(engine, pc, limit)
    return Stop("fault", "illegal", None, pc, "an instruction for the kernel only")


def _bad_return(engine: Readable, pc: int, limit: int) -> Stop:
    try:
        target = int.from_bytes(engine.read(engine.get(["sp"])[0], 8), "little")
    except BadAddress as error:
        return Stop("fault", "read", error.address, pc)
    return Stop("fault", "execute", target if target >= limit else None, pc)


def decode(engine: Readable, cpu: EngineCpu, pc: int) -> Decoded | None:
    """The instruction at `pc`, or None where there is none."""
    import capstone

    code = b""
    for size in range(cpu.longest_instruction, 0, -1):
        try:
            code = engine.read(pc, size)
            break
        except BadAddress as error:
            if error.address <= pc:
                return None
    machine = capstone.Cs(*(getattr(capstone, name) for name in cpu.disassembler))
    machine.detail = True
    found = next(machine.disasm(code, pc, 1), None)
    if found is None:
        return None
    operands = tuple(
        Operand(_address(engine, found, operand), operand.size, Access(operand.access & 3))
        for operand in found.operands
        if operand.type == capstone.CS_OP_MEM and found.mnemonic not in ("lea", "nop")
    )
    text = f"{found.mnemonic} {found.op_str}".strip()
    groups = list(found.groups)
    target = None
    if capstone.CS_GRP_JUMP in groups or capstone.CS_GRP_CALL in groups:
        places = [operand.reg for operand in found.operands if operand.type == capstone.CS_OP_REG]
        target = _register(engine, found, found.reg_name(places[0])) if places else None
    return Decoded(found.mnemonic, text, found.size, operands, capstone.CS_GRP_PRIVILEGE in groups, target)


def _address(engine: Readable, found: Any, operand: Any) -> int:
    memory = operand.mem
    total = memory.disp
    for register, scale in ((memory.base, 1), (memory.index, memory.scale)):
        if register:
            total += _register(engine, found, found.reg_name(register)) * scale
    if memory.segment and found.reg_name(memory.segment) in ("fs", "gs"):
        total += engine.get(["thread-pointer"])[0] if found.reg_name(memory.segment) == "fs" else 0
    return int(total) & (1 << 64) - 1


def _register(engine: Readable, found: Any, name: str) -> int:
    if name in ("rip", "eip"):
        return int(found.address + found.size)
    if name in ("riz", "eiz"):
        return 0
    try:
        return engine.get([name])[0]
    except KeyError:
        wide = f"r{name[1:]}" if name.startswith("e") else name.rstrip("d")
        return engine.get([wide])[0] & 0xFFFF_FFFF
