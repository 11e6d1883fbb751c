"""The texts of a new port's folder: port.toml, abi.toml and a first program, each choice with its reason.

Pure: text in, text out; `jobs/new.py` checks and writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portwright.derive.new_target import Choice, system
from portwright.describe.cpu import Cpu

PORT = """\
# {triple}: a port, as portwright reads it. Written by `portwright new --like {like}`.
# `portwright check .` finds every fault in it; `portwright up .` builds, runs and judges the programs at its end.

[port]
target = {target}
summary = {summary}

# The target spec: what differs from rustc's own target `like`. Keys are spelled as rustc spells them in JSON.
[target]
like = {like_text}
{target_keys}
# Reasons for what has no line above. `check --explain` prints them, and each answers a warning about its key.
[target.why]
{reasons}

# What the system's loader and kernel do. The checker holds the target and the programs against it.
[os]
# What programs it can start: elf-exec (fixed addresses), elf-pie (it applies relocations), elf-dynamic.
loads = ["elf-exec"]
# Segments of different permissions must not share a page of this size.
page-size = {page_size}
# What lies on the stack at a program's first instruction; abi.toml says it in detail.
entry = "sysv-stack"
# "std": the Rust program has its own `_start`. "os": the system's crt0.o and the like are linked.
crt-objects = "std"
# Who can unwind a panic; with "none", the panic strategy must be abort.
unwinder = "none"
# Thread-local storage that the system (or std's start-up code) serves.
tls-models = ["local-exec"]

[toolchain]
# The Rust version that std's layer is written for.
rust = "{rust}"
# llvm, cranelift, or bitcode for a code generator behind rustc.
backend = "llvm"

# A program, and what a run of it must show: `portwright up .` judges by it.
{program}"""
PROGRAM = """\
[[program]]
name = "hello"
path = "programs/hello"
expect = {{ stdout = {stdout}, exit = 0 }}
"""
LEDGER = """\
# The ledger of {os}: how a program calls its kernel. Everything that holds a number of the system is made from here.
# To begin with it describes the smallest system that a Rust program with std can run on, {origin}.
# Put your kernel's own facts in their places; `portwright check` finds what does not fit, `portwright std`
# says which operation to offer next. docs/operations.md has the whole vocabulary.

[abi]
cpu = "{cpu}"
# The instruction that enters the kernel, and the registers that it reads. `result` is where the answer comes back.
trap = {trap}
number = "{number}"
arguments = {arguments}
result = "{result}"
# A failed call answers minus the error's number; "carry": the carry flag is set, and the number is positive.
error = "negative-errno"
# What a call destroys. Leave nothing out that your kernel does not restore, vector registers too.
clobbers = {clobbers}

# A program's first instruction: what lies upwards from the stack pointer.
[entry]
stack = ["argc", "argv", "null", "envp", "null", "pad", "strings"]
alignment = 16
registers = "undefined"
# Who makes the block of thread-local storage: std's start-up code, by the operation set_thread_pointer.
thread-pointer = {{ at-entry = "undefined", set-by = "program" }}

[memory]
page-size = {page_size}
stack-top = {stack_top:#x}
stack-size = 0x80_0000
map-base = {map_base:#x}
# "undefined" if pages can hold another program's data.
fresh = "zero"

[clocks]
monotonic = {{ id = 1, epoch = "boot" }}
realtime = {{ id = 0, epoch = "unix" }}

# The numbers of errors. POSIX names become the right std::io::ErrorKind by themselves.
[errors]
EPERM = 1
ENOENT = 2
EINTR = 4
EIO = 5
EBADF = 9
EAGAIN = 11
ENOMEM = 12
EACCES = 13
EFAULT = 14
EEXIST = 17
EINVAL = 22
ERANGE = 34
ENOSYS = 38

[constants]
PROT_READ = 1
PROT_WRITE = 2
PROT_EXEC = 4
MAP_PRIVATE = 2
MAP_ANONYMOUS = 0x20
GRND_NONBLOCK = 1

# Structs that cross the boundary: sizes and offsets in bytes.
[types.timespec]
size = 16
fields.tv_sec = {{ offset = 0, size = 8, signed = true }}
fields.tv_nsec = {{ offset = 8, size = 8, signed = true }}

# `operation` says what a call means to std and to `portwright run`; `arguments` are in the call's own order.
[syscalls]
{calls}"""
Passed = str | dict[str, int]
CALLS: Mapping[str, tuple[str, tuple[Passed, ...]]] = {
    "read": ("read", ("fd", "buffer", "length")),
    "write": ("write", ("fd", "buffer", "length")),
    "mmap": ("map_memory", ("address", "length", "protection", "flags", "fd", "offset")),
    "munmap": ("unmap_memory", ("address", "length")),
    "nanosleep": ("sleep", ("duration", "remaining")),
    "exit": ("exit", ("status",)),
    "set_thread_pointer": ("set_thread_pointer", ("address",)),
    "clock_gettime": ("clock_read", ("clock", "time")),
    "getrandom": ("fill_random", ("buffer", "length", "flags")),
}


@dataclass(frozen=True, slots=True)
class Convention:
    """How a CPU's kernels are usually called: the trap by its name, registers, and the call numbers of `CALLS`.

    `thread_pointer` are the arguments of the call that sets the thread pointer.
    """

    origin: str
    trap: str
    number: str
    arguments: tuple[str, ...]
    result: str
    numbers: tuple[int, ...]
    thread_pointer: tuple[Passed, ...] = ("address",)


# A start that readers know. A CPU that is not here starts from its description alone.
USUAL: Mapping[str, Convention] = {
    "x86-64": Convention(
        origin="called as Linux is",
        trap="syscall",
        number="rax",
        arguments=("rdi", "rsi", "rdx", "r10", "r8", "r9"),
        result="rax",
        numbers=(0, 1, 9, 11, 35, 60, 158, 228, 318),
        thread_pointer=({"value": 0x1002}, "address"),
    ),
}


def convention(cpu: Cpu) -> Convention:
    """The usual convention of a CPU, or one out of its registers in the order of its own manual."""
    if cpu.name in USUAL:
        return USUAL[cpu.name]
    name, trap = next(iter(cpu.traps.items()))
    kept = (*trap.clobbers, cpu.stack_pointer, cpu.program_counter)
    free = [register for register in cpu.registers if register not in kept]
    return Convention(
        origin="with the CPU's first trap and registers",
        trap=name,
        number=free[0],
        arguments=tuple(free[1:7]),
        result=free[0],
        numbers=tuple(range(1, len(CALLS) + 1)),
    )


def files(
    triple: str, like: str, choices: Sequence[Choice], cpu: Cpu, page_size: int, rust: str
) -> dict[str, str]:
    """The folder's files by path, for a port like a built-in target."""
    return {
        "port.toml": _port(triple, like, choices, page_size, rust),
        "abi.toml": _ledger(triple, cpu, page_size),
        **hello(triple),
    }


def hello(triple: str) -> dict[str, str]:
    """The first program's files by path."""
    package = (
        '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2024"\npublish = false\n\n[workspace]\n'
    )
    main = f'//! The first sign of life.\n\nfn main() {{\n    println!("{greeting(triple)}");\n}}\n'
    return {"programs/hello/Cargo.toml": package, "programs/hello/src/main.rs": main}


def program(triple: str) -> str:
    """The table of the first program."""
    return PROGRAM.format(stdout=json.dumps(greeting(triple) + "\n"))


def greeting(triple: str) -> str:
    """What the first program prints."""
    return f"Hello from {system(triple)}!"


def _port(triple: str, like: str, choices: Sequence[Choice], page_size: int, rust: str) -> str:
    lines: list[str] = []
    for choice in choices:
        if not choice.removed:
            lines += [f"# {choice.why[0].upper()}{choice.why[1:]}.", f"{choice.key} = {value(choice.value)}"]
    removed = [choice for choice in choices if choice.removed]
    if removed:
        lines.append("# Keys of `like` that this target does not have; the reasons are below.")
        lines += ["remove = [", *(f"    {json.dumps(choice.key)}," for choice in removed), "]"]
    reasons = {choice.key: choice.why for choice in removed}
    reasons.setdefault("target-family", "std's unix code is not for it: its layer is made from abi.toml")
    return PORT.format(
        triple=triple,
        like=like,
        target=json.dumps(triple),
        summary=json.dumps(f"{system(triple)}: say here in one line what it is"),
        like_text=json.dumps(like),
        target_keys="".join(f"{line}\n" for line in lines),
        reasons="\n".join(f"{key} = {json.dumps(why)}" for key, why in reasons.items()),
        page_size=page_size,
        rust=rust,
        program=program(triple),
    )


def _ledger(triple: str, cpu: Cpu, page_size: int) -> str:
    use = convention(cpu)
    wide = cpu.pointer_bits == 64
    calls: list[str] = []
    for (name, (operation, usual)), number in zip(CALLS.items(), use.numbers, strict=True):
        arguments = use.thread_pointer if operation == "set_thread_pointer" else usual
        passed = f"[{', '.join(map(value, arguments))}]"
        calls.append(f'{name} = {{ number = {number}, operation = "{operation}", arguments = {passed} }}\n')
    return LEDGER.format(
        os=system(triple),
        origin=use.origin,
        cpu=cpu.name,
        trap=json.dumps(use.trap),
        number=use.number,
        arguments=json.dumps(list(use.arguments)),
        result=use.result,
        clobbers=json.dumps(list(cpu.traps[use.trap].clobbers)),
        page_size=page_size,
        stack_top=0x7FFD_FFFF_F000 if wide else 0x7FFF_F000,
        map_base=0x4000_0000_0000 if wide else 0x4000_0000,
        calls="".join(calls),
    )


def value(given: Any) -> str:
    """A value as TOML writes it (JSON writes texts, numbers, flags and lists the same way)."""
    if isinstance(given, dict):
        return "{ " + ", ".join(f"{key} = {value(inner)}" for key, inner in given.items()) + " }"
    return json.dumps(given, ensure_ascii=False)
