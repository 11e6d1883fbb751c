"""What a CPU is to a port: its registers, trap instructions and conventions. The facts are in `cpus/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from portwright.base import rooms

VECTOR_BITS = 128  # what a portable program can use of a vector register


@dataclass(frozen=True, slots=True)
class Trap:
    """A trap instruction: how assemblers write it, its bytes, and what the CPU itself destroys in it."""

    instruction: str
    encoding: bytes
    clobbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RustAsm:
    """What Rust's `asm!` wants to know of a CPU, beside the names of its registers.

    `refused` are registers that it takes as no operand, because the compiler keeps them; `exchange` is the
    instruction that exchanges one of them (`{register}`) with an operand (`{slot}`) around a trap.
    `negate_on_carry` are the instructions that make `{result}` negative where the carry flag says that a
    call failed. `new_thread` are the instructions behind a call that returns twice: where `{result}` is 0 they
    go to the function `{entry}` with the word at the stack pointer as its first argument, else on.
    `clear_word` writes 0 to the 32-bit word at `{address}` when all before it is written. `prefix` stands before a
    register's name in a template. `experimental`: `asm!` for this CPU is a feature of the nightly compiler.
    """

    refused: tuple[str, ...] = ()
    exchange: str | None = None
    negate_on_carry: tuple[str, ...] = ()
    new_thread: tuple[str, ...] = ()
    clear_word: str | None = None
    prefix: str = ""
    experimental: bool = False


@dataclass(frozen=True, slots=True)
class Probing:
    """How a program looks at its own registers, in lines of Rust's assembler, for the probe.

    `bare_target` is the built-in target of rustc whose code uses neither floating point nor vectors. `place` is
    memory of the program's block at `{offset}`; `load` and `store` move `{register}` from and to `{place}`, the
    vector forms likewise (`{digits}`: those of its name). `before_entry` comes before the registers are stored
    with which the program starts, `enter` goes on with the stack pointer in the first argument of `probe_begin`.
    A trap stands between `prologue` and `epilogue`, which keep what Rust's functions keep. `set_flags` and
    `get_flags` move the flags between `{flags_before}`, `{flags_after}` and the CPU; `flags_tried` are values to
    set them to, `carry` is the carry's bit. `thread_pointer` are the lines of a function that puts it into
    `{thread_pointer}`, and 1 into `{thread_pointer_known}` where it can be known. `{stack}` is free; `{stack_at}`
    and the like are the offsets alone.
    """

    bare_target: str
    place: str
    load: str
    store: str
    load_vector: str
    store_vector: str
    before_entry: tuple[str, ...]
    enter: tuple[str, ...]
    prologue: tuple[str, ...]
    epilogue: tuple[str, ...]
    set_flags: tuple[str, ...]
    get_flags: tuple[str, ...]
    flags_tried: tuple[int, ...]
    carry: int
    thread_pointer: tuple[str, ...]
    directives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cpu:
    """Facts of one CPU, in the names of its own manual.

    `pointer_bits` and `endian` as in a target spec; `registers` and `vector_registers` are those that a
    program can see; `stack_pointer` and `program_counter` by name; `tls_variant` 1 or 2 as in the ELF TLS
    document; `traps` by the name that a ledger uses; `elf_machine` is e_machine, `macho_cpu` Mach-O's number;
    `rust_asm` how Rust's `asm!` sees the CPU, `arithmetic_flags` the flags that arithmetic sets, `probing` how a program
    looks at its registers. `unwinder`: the unwinder that Rust's std vendors knows the CPU. `packed_words`: a pointer need
    not lie at a multiple of its size, so that structs have no padding behind one. `named_models`: what LLVM calls a
    model (`M68040`) is in lower case GNU as's option and QEMU's word, too.
    """

    name: str
    rustc_arch: str
    pointer_bits: Literal[32, 64]
    endian: Literal["little", "big"]
    registers: tuple[str, ...]
    vector_registers: tuple[str, ...]
    stack_pointer: str
    program_counter: str
    tls_variant: Literal[1, 2]
    traps: Mapping[str, Trap]
    elf_machine: int
    rust_asm: RustAsm = RustAsm()
    unwinder: bool = False
    arithmetic_flags: int = 0
    probing: Probing | None = None
    macho_cpu: int | None = None
    packed_words: bool = False
    named_models: bool = False

    @property
    def pointer_size(self) -> int:
        """Bytes in a pointer."""
        return self.pointer_bits // 8

    @property
    def register_bits(self) -> dict[str, int]:
        """The bits of every register that a program can use as it likes: all but the stack pointer."""
        plain = {name: self.pointer_bits for name in self.registers if name != self.stack_pointer}
        return plain | dict.fromkeys(self.vector_registers, VECTOR_BITS)


ROOM = "portwright.describe.cpus"


def of_arch(arch: str) -> Cpu | None:
    """The CPU by rustc's name for it (`aarch64`), if there is a description of it."""
    return next((found for found in map(cpu, rooms.names(ROOM)) if found.rustc_arch == arch), None)


@cache
def cpu(name: str) -> Cpu:
    """The CPU of that name (`x86-64`); raises `BadInput` that says which file to add."""
    found = rooms.load(ROOM, name).CPU
    assert isinstance(found, Cpu)
    return found
