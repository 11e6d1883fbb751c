"""Rust source of the functions that trap into the kernel as a ledger describes it: `trap0`, `trap1`, ...

The sys crate and std's platform layer both contain this text, so that the registers, the trap instruction and
what a call destroys are rendered once. What a number means, and how arguments are packed, is not known here.
"""

from __future__ import annotations

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


def _function(ledger: Ledger, cpu: Cpu, arguments: int) -> str:
    passed = {ledger.abi.number: "number"}
    passed |= {register: f"a{index}" for index, register in enumerate(ledger.abi.arguments[:arguments])}
    before, operands = _operands(ledger, cpu, passed)
    after = before[::-1]
    lines = [*before, ledger.abi.trap, *after, *_normalised(ledger, cpu)]
    options = "options(nostack, preserves_flags)" if _keeps_flags(ledger) else "options(nostack)"
    parameters = ", ".join(f"{name}: usize" for name in ["number", *(f"a{i}" for i in range(arguments))])
    body = "".join(f"            {line},\n" for line in [*map(_quoted, lines), *operands, options])
    return (
        f"/// Calls the kernel with {_counted(arguments)}; a failure is a negative error number.\n"
        "///\n"
        "/// # Safety\n"
        "///\n"
        "/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes\n"
        "/// must be the caller's to give.\n"
        "#[inline]\n"
        f"pub unsafe fn trap{arguments}({parameters}) -> isize {{\n"
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
    place = "{slot_" + result + "}" if result in cpu.rust_asm.refused else result
    return [line.format(result=place) for line in cpu.rust_asm.negate_on_carry]


def _keeps_flags(ledger: Ledger) -> bool:
    return ledger.abi.flags == "preserved" and ledger.abi.error == "negative-errno"


def _quoted(line: str) -> str:
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _counted(arguments: int) -> str:
    return {0: "no argument", 1: "one argument"}.get(arguments, f"{arguments} arguments")
