"""A copy or an extension between a compare and its branch destroys the flags that the branch asks for.

## What it is
LLVM keeps the flags in one register, CCR. Copies between registers, put in while it assigns registers and joins
blocks, become `move`, which sets the flags; nobody asks whether CCR is in use there. Extensions are said not
to touch CCR, and become `move` and `and` or `ext`, which do.

## How it is recognised
Flags that are wanted after a copy or an extension must come from before it: neither is ever what a branch asks about.

## How it is mended
`movem`, `lea` and `pea` leave the flags alone, and can do what most `move.l` do. Around everything else the flags are
saved on the stack and restored, which takes a 68010 or later.
"""

from __future__ import annotations

import re

from portwright.base.errors import Where, fail
from portwright.build import m68k_flags
from portwright.build.m68k_assembly import Instruction, Line, Operand, Unit, made
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 90
"""After all others: what they put in is looked at, too."""
KNOWN_IN = ("22",)
REPRODUCER = """
; How often it went round: the copies for the next round lie between the count's last step and the branch.
define i32 @rounds(i32 %n, i32 %k) noinline nounwind {
entry:
  br label %loop
loop:
  %i = phi i32 [ %n, %entry ], [ %j, %loop ]
  %a = phi i32 [ 0, %entry ], [ %b, %loop ]
  %b = phi i32 [ %k, %entry ], [ %c, %loop ]
  %t = phi i32 [ 0, %entry ], [ %u, %loop ]
  %c = add i32 %a, %b
  %u = add i32 %t, 1
  %j = add i32 %i, -1
  %end = icmp eq i32 %j, 0
  br i1 %end, label %out, label %loop
out:
  %s = add i32 %u, %a
  ret i32 %s
}
"""
_STACK = ("%sp", "%a7")


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    changes: dict[int, list[Line]] = {}
    for first, end in unit.functions():
        for place, _ in m68k_flags.destroyed(unit, first, end):
            line = unit.lines[place]
            assert line.instruction is not None
            changes[place] = [made(line, text) for text in without_flags(line.instruction, unit.where, line)]
    unit.replace(changes)
    return len(changes)


def without_flags(instruction: Instruction, where: Where, line: Line) -> list[str]:
    """Instructions that do the same and leave the flags as they are."""
    if instruction.name in ("move", "moveq") and instruction.size in ("l", ""):
        direct = _long(*instruction.operands)
        if direct is not None:
            return direct
    return _around(instruction, where, line)


def _long(source: Operand, target: Operand) -> list[str] | None:
    """A move of 32 bits by what leaves the flags alone, where there is a way."""
    if target.mode == "data":
        pop = f"movem.l\t(%sp)+, {target.text}"
        if source.mode == "data":
            return [f"movem.l\t{source.text}, -(%sp)", pop]
        if source.mode == "address":
            return [f"pea\t({source.text})", pop]
        if source.mode == "immediate":
            return [f"pea\t{source.symbol}", pop]
        if source.mode != "decrement":
            return [f"movem.l\t{source.text}, {target.text}"]
    elif source.mode in ("data", "address") and target.mode not in ("increment", "data"):
        if target.mode == "decrement" and source.registers[0] == target.registers[0]:
            return None  # movem writes such a register as other CPUs of the family do, or do not
        return [f"movem.l\t{source.text}, {target.text}"]
    elif source.mode == "immediate" and target.text == "-(%sp)":
        return [f"pea\t{source.symbol}"]
    return None


def _around(instruction: Instruction, where: Where, line: Line) -> list[str]:
    """The instruction itself, with the flags saved on the stack around it."""
    operands = [_two_deeper(each) for each in instruction.operands]
    if any(each is None for each in operands):
        what = f"in {line.function}: `{str(instruction).strip()}` destroys flags, and moves the stack itself"
        raise fail(what, Where(where.file, line=line.number), m68k_flags.HINT, "backend/flags")
    name = f"{instruction.name}.{instruction.size}" if instruction.size else instruction.name
    return [
        "move.w\t%ccr, -(%sp)",
        f"{name}\t{', '.join(str(each) for each in operands)}",
        "move.w\t(%sp)+, %ccr",
    ]


def _two_deeper(operand: Operand) -> str | None:
    """An operand when the stack is two bytes deeper; None where it moves the stack."""
    if not any(name in _STACK for name in operand.registers):
        return operand.text
    if operand.mode in ("increment", "decrement"):
        return None
    if operand.mode == "indirect":
        return f"(2,{operand.registers[0]})"
    if operand.mode in ("displaced", "indexed") and operand.registers[0] in _STACK:
        return re.sub(r"^\([^,]+", f"({operand.symbol}+2", operand.text)
    return None  # the stack pointer itself
