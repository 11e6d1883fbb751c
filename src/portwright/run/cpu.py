"""What the engines must know of a CPU, beyond what `describe/cpus/` says of it. The facts are in `cpus/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from portwright.base import rooms
from portwright.run.engine import FaultKind


@dataclass(frozen=True, slots=True)
class Hosted:
    """A CPU as Linux's ptrace shows it, and the host kernel's own numbers for the calls made inside a guest.

    `words`: a register's place in NT_PRSTATUS, counted in 64-bit words; `moved_number`: the word into which
    the kernel moves the register `number` when a call traps; `proves_trap`: a trap and two registers that
    are equal behind it (and need no look at the code). `vectors`: a register's byte offset in NT_PRFPREG.
    `state_note`: the register set that holds all of a thread's state beside NT_PRSTATUS, of whatever size.
    `calls`: the host's numbers. `page`: the highest page of the address space, which holds `stub` (a system
    call, then a breakpoint); `begin` is the code that asks to be traced and then stops.
    """

    machines: tuple[str, ...]
    audit_arch: int
    words: Mapping[str, int]
    word_count: int
    number: str
    moved_number: int
    proves_trap: tuple[str, str, str]
    vectors: Mapping[str, int]
    vectors_size: int
    state_note: int
    calls: Mapping[str, int]
    call_arguments: tuple[str, ...]
    page: int
    stub: bytes
    stub_after_call: int
    begin: bytes
    breakpoints: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Emulated:
    """A CPU as Unicorn knows it: names of its constants, so that nothing of it is imported before it is used.

    `registers` may lack the thread pointer: the CPU has no register for it then, and the engine keeps it.
    `traps`: a trap's name -> `("instruction", constant)` or `("interrupt", number)`; `advance`: bytes to add
    to the program counter where an interrupt trap leaves it at the instruction. `faults`: exception number ->
    kind. `raising`: encodings of instructions that raise an interrupt and leave the counter behind them; none do
    where `faults_stay` at their instruction.
    `exact_stops`: where a hook on memory stops the emulator, the program counter is right.
    `forbidden`: instructions that Unicorn would let a program do. `begin(uc)` makes a new CPU one that runs a
    program, not a kernel.
    """

    arch: str
    mode: str
    constants: str
    registers: Mapping[str, str]
    model: str
    traps: Mapping[str, tuple[Literal["instruction", "interrupt"], str | int]]
    advance: int
    faults: Mapping[int, FaultKind]
    raising: tuple[bytes, ...] = ()
    faults_stay: bool = False
    forbidden: tuple[str, ...] = ()
    begin: Callable[[Any], None] | None = None
    exact_stops: bool = False


@dataclass(frozen=True, slots=True)
class CallCode:
    """One form of a call instruction: its first bytes under a mask, and how many bytes follow them."""

    code: bytes
    mask: bytes
    rest: int = 0


@dataclass(frozen=True, slots=True)
class Unwinding:
    """What a backtrace needs: the registers in DWARF's order, the frame pointer, the forms of calls.

    `stack_step`: what the stack pointer is a multiple of, where that is less than a whole word.
    """

    dwarf_registers: tuple[str, ...] = ()
    frame_pointer: str | None = None
    calls: tuple[CallCode, ...] = ()
    stack_step: int | None = None


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """The registers with which a function of one argument begins in the CPU's C convention.

    `argument` holds the argument (None: it lies on the stack, above the return address); the stack pointer lies
    `above_stack` bytes (what a call and its caller put there) below a multiple of `alignment`.
    """

    argument: str | None
    alignment: int = 16
    above_stack: int = 0


@dataclass(frozen=True, slots=True)
class EngineCpu:
    """One CPU's facts for the engines; `disassembler` names capstone's architecture and mode constants.

    `stack_writers` and `stack_readers`: mnemonics that access the stack without naming it.
    `relative_relocation`: the ELF relocation that adds the load address to a word. `thread_segment`: how the
    disassembler shows an access relative to the thread pointer. `carry_flag`: its bit in `flags`.
    """

    name: str
    disassembler: tuple[str, str]
    longest_instruction: int
    address_bits: int
    stack_writers: tuple[str, ...]
    stack_readers: tuple[str, ...]
    relative_relocation: int
    function_entry: FunctionEntry
    hosted: Hosted | None = None
    emulated: Emulated | None = None
    thread_segment: str | None = None
    carry_flag: int | None = None
    unwinding: Unwinding = Unwinding()


ROOM = "portwright.run.cpus"


@cache
def engine_cpu(name: str) -> EngineCpu:
    """The engine facts of that CPU (`x86-64`); raises `BadInput` that says which file to add."""
    found = rooms.load(ROOM, name).CPU
    assert isinstance(found, EngineCpu)
    return found
