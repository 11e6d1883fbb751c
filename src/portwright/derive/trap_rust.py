"""Rust source of the functions that trap into the kernel as a ledger describes it: `trap0`, `trap1`, ...

The sys crate and std's platform layer both contain this text, so that the registers, the trap instruction and
what a call destroys are rendered once. What a number means, and how arguments are packed, is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from portwright.base.errors import Fault, PortwrightError
from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Ledger

PAIR = "trap_pair"
"""How the functions are called that answer both results, for calls of few arguments."""


def trap_functions(ledger: Ledger, cpu: Cpu) -> str:
    """`pub unsafe fn trapN(number: usize, a0: usize, ...) -> isize` for N from 0 to the ABI's most arguments.

    The result is the kernel's, with a failure always as a negative error number (an ABI that tells failures by
    the carry flag is brought into that form here).
    """
    counts = range(len(ledger.abi.arguments) + 1)
    found = [_function(ledger, cpu, arguments) for arguments in counts]
    if (second := ledger.abi.second_result) is not None:
        found += [_function(ledger, cpu, n, f"{PAIR}{n}", second=second) for n in counts if n < 2]
    for trap in ledger.traps[1:]:
        found += [_function(ledger, cpu, n, f"{prefix(trap)}{n}", trap=trap) for n in counts]
    return "\n".join(found)


def prefix(trap: str | None) -> str:
    """How the functions of a trap are called, without the number of their arguments; None: of the ABI's own."""
    return "trap" if trap is None else re.sub(r"\W+", "_", trap.lower()).strip("_") + "_of_"


def cloning_trap(ledger: Ledger, cpu: Cpu, arguments: int, name: str, entry: str) -> str:
    """`pub unsafe fn NAME(number: usize, a0: usize, ...) -> isize`, whose call comes back a second time in a new
    thread: that one never leaves the trap as Rust sees it, but goes on at the function `entry`, with the word at
    its stack pointer as argument."""
    branch = cpu.rust_asm.new_thread
    if not branch or ledger.abi.result in cpu.rust_asm.refused:
        what = (
            f"portwright does not know how a new thread of {cpu.name} goes on after a call that returns twice"
        )
        raise PortwrightError([Fault(what, None, "add `new_thread` in describe/cpus/", "trap/no-branch")])
    lines = [line.format(result=ledger.abi.result, entry="{entry}") for line in branch]
    return _function(ledger, cpu, arguments, name, after=lines, operands=[f"entry = sym {entry}"])


def leaving_trap(ledger: Ledger, cpu: Cpu, arguments: int, name: str) -> str:
    """`pub unsafe fn NAME(word: *mut u32, number: usize, a0: usize, ...) -> isize`, which clears the word and then
    makes a call: between the two nothing touches the stack, so that who sees the word cleared may take it."""
    if not cpu.rust_asm.clear_word:
        what = f"portwright does not know how {cpu.name} clears a word in memory"
        raise PortwrightError([Fault(what, None, "add `clear_word` in describe/cpus/", "trap/no-store")])
    line = cpu.rust_asm.clear_word.format(address="{word}")
    return _function(ledger, cpu, arguments, name, before=[line], operands=["word = in(reg) word"], word=True)


def _function(
    ledger: Ledger,
    cpu: Cpu,
    arguments: int,
    name: str | None = None,
    *,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    operands: Sequence[str] = (),
    word: bool = False,
    second: str | None = None,
    trap: str | None = None,
) -> str:
    passed = {ledger.abi.number: "number"}
    passed |= {register: f"a{index}" for index, register in enumerate(ledger.abi.arguments[:arguments])}
    exchanges, own = _operands(ledger, cpu, passed, second)
    normalised = _normalised(ledger, cpu) if trap is None else []
    lines = [*before, *exchanges, trap or ledger.abi.trap, *after, *exchanges[::-1], *normalised]
    keeps = _keeps_flags(ledger) and not before and not after
    options = "options(nostack, preserves_flags)" if keeps else "options(nostack)"
    parameters = ", ".join(f"{name}: usize" for name in ["number", *(f"a{i}" for i in range(arguments))])
    if word:
        parameters = f"word: *mut u32, {parameters}"
    asm = [*map(_quoted, lines), *own, *operands, options]
    body = "".join(f"            {line},\n" for line in asm)
    return (
        f"/// Calls the kernel with {_counted(arguments)}; {_told(trap, second)}.\n"
        "///\n"
        "/// # Safety\n"
        "///\n"
        "/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes\n"
        "/// must be the caller's to give.\n"
        "#[inline]\n"
        f"pub unsafe fn {name or f'trap{arguments}'}({parameters}) -> {'(isize, isize)' if second else 'isize'} {{\n"
        f"    let {'(result, second): (isize, isize)' if second else 'result: isize'};\n"
        "    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.\n"
        "    unsafe {\n"
        "        core::arch::asm!(\n"
        f"{body}"
        "        );\n"
        "    }\n"
        f"    {'(result, second)' if second else 'result'}\n"
        "}\n"
    )


def _told(trap: str | None, second: str | None) -> str:
    if trap is not None:
        return f"by `{trap}`, and the result is whatever it answers"
    return "a failure is a negative error number" + (", and there is a second result" if second else "")


def _operands(
    ledger: Ledger, cpu: Cpu, passed: dict[str, str], second: str | None
) -> tuple[list[str], list[str]]:
    """The instructions that bring refused registers in (and, backwards, out), and the operands of `asm!`."""
    abi = ledger.abi
    destroyed = [*cpu.traps[abi.trap].clobbers, *abi.clobbers] if abi.trap in cpu.traps else abi.clobbers
    exchanges: list[str] = []
    operands: list[str] = []
    for register in dict.fromkeys([abi.number, abi.result, *abi.arguments, *destroyed]):
        value = passed.get(register)
        target = {abi.result: "result", second: "second"}.get(register, "_")
        if value is None and register != abi.result and register not in destroyed:
            continue
        if register in cpu.rust_asm.refused:
            slot = f"slot_{register}"
            exchanges.append(_exchange(cpu, register, slot))
            way = f"inout(reg) {value} as isize" if value else "out(reg)"
            operands.append(f"{slot} = {way} => {target}" if value else f"{slot} = {way} {target}")
        elif value is None:
            operands.append(f'lateout("{register}") {target}')
        elif target != "_":
            operands.append(f'inlateout("{register}") {value} as isize => {target}')
        elif register in destroyed:
            operands.append(f'inlateout("{register}") {value} => _')
        else:
            operands.append(f'in("{register}") {value}')
    return exchanges, operands


def _exchange(cpu: Cpu, register: str, slot: str) -> str:
    if cpu.rust_asm.exchange is None:
        what = f"Rust's `asm!` does not take `{register}` of {cpu.name} as an operand"
        hint = "give the CPU's `exchange` instruction in describe/cpus/, or a trap that does not use the register"
        raise PortwrightError([Fault(what, None, hint, "trap/refused-register")])
    return cpu.rust_asm.exchange.format(register=register, slot="{" + slot + "}")


def _normalised(ledger: Ledger, cpu: Cpu) -> list[str]:
    """The instructions that turn a failure told by the carry flag into a negative result."""
    if ledger.abi.error != "carry":
        return []
    if not cpu.rust_asm.negate_on_carry:
        what = f"portwright does not know how {cpu.name} tests the carry flag after a trap"
        raise PortwrightError([Fault(what, None, "add `negate_on_carry` in describe/cpus/", "trap/no-carry")])
    result = ledger.abi.result
    place = "{slot_" + result + "}" if result in cpu.rust_asm.refused else cpu.rust_asm.prefix + result
    return [line.format(result=place) for line in cpu.rust_asm.negate_on_carry]


def _keeps_flags(ledger: Ledger) -> bool:
    return ledger.abi.flags == "preserved" and ledger.abi.error == "negative-errno"


def _quoted(line: str) -> str:
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _counted(arguments: int) -> str:
    return {0: "no argument", 1: "one argument"}.get(arguments, f"{arguments} arguments")
