"""Rust source of the functions that trap into the kernel as a ledger describes it: `trap0`, `trap1`, ...

The sys crate and std's platform layer both contain this text, so that the registers, the trap instruction and
what a call destroys are rendered once. What a number means, and how arguments are packed, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence

from portwright.base.errors import Fault, PortwrightError
from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Ledger


def trap_functions(ledger: Ledger, cpu: Cpu) -> str:
    """`pub unsafe fn trapN(number: usize, a0: usize, ...) -> isize` for N from 0 to the ABI's most arguments.

    The result is the kernel's, with a failure always as a negative error number (an ABI that tells failures by
    the carry flag is brought into that form here).
    """
    count = len(ledger.abi.arguments)
    return "\n".join(_function(ledger, cpu, arguments) for arguments in range(count + 1))


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
) -> str:
    passed = {ledger.abi.number: "number"}
    passed |= {register: f"a{index}" for index, register in enumerate(ledger.abi.arguments[:arguments])}
    exchanges, own = _operands(ledger, cpu, passed)
    lines = [*before, *exchanges, ledger.abi.trap, *after, *exchanges[::-1], *_normalised(ledger, cpu)]
    keeps = _keeps_flags(ledger) and not before and not after
    options = "options(nostack, preserves_flags)" if keeps else "options(nostack)"
    parameters = ", ".join(f"{name}: usize" for name in ["number", *(f"a{i}" for i in range(arguments))])
    if word:
        parameters = f"word: *mut u32, {parameters}"
    asm = [*map(_quoted, lines), *own, *operands, options]
    body = "".join(f"            {line},\n" for line in asm)
    return (
        f"/// Calls the kernel with {_counted(arguments)}; a failure is a negative error number.\n"
        "///\n"
        "/// # Safety\n"
        "///\n"
        "/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes\n"
        "/// must be the caller's to give.\n"
        "#[inline]\n"
        f"pub unsafe fn {name or f'trap{arguments}'}({parameters}) -> isize {{\n"
        "    let result: isize;\n"
        "    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.\n"
        "    unsafe {\n"
        "        core::arch::asm!(\n"
        f"{body}"
        "        );\n"
        "    }\n"
        "    result\n"
        "}\n"
    )


def _operands(ledger: Ledger, cpu: Cpu, passed: dict[str, str]) -> tuple[list[str], list[str]]:
    """The instructions that bring refused registers in (and, backwards, out), and the operands of `asm!`."""
    abi = ledger.abi
    destroyed = [*cpu.traps[abi.trap].clobbers, *abi.clobbers] if abi.trap in cpu.traps else abi.clobbers
    exchanges: list[str] = []
    operands: list[str] = []
    for register in dict.fromkeys([abi.number, abi.result, *abi.arguments, *destroyed]):
        value = passed.get(register)
        target = "result" if register == abi.result else "_"
        if value is None and register != abi.result and register not in destroyed:
            continue
        if register in cpu.rust_asm.refused:
            slot = f"slot_{register}"
            exchanges.append(_exchange(cpu, register, slot))
            way = f"inout(reg) {value} as isize" if value else "out(reg)"
            operands.append(f"{slot} = {way} => {target}" if value else f"{slot} = {way} {target}")
        elif value is None:
            operands.append(f'lateout("{register}") {target}')
        elif target == "result":
            operands.append(f'inlateout("{register}") {value} as isize => result')
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
