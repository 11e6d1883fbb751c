"""`move.w #40000, %a0` for the 32-bit constant 40000: to an address register, a word is sign-extended.

## What it is
A constant below 65536 that goes into an address register is written by a move of a word. From 32768 on the upper half
becomes ones.

## How it is recognised
A move, addition, subtraction or compare of a word with an address register and a constant from 32768 to 65535.

## How it is mended
By the same of 32 bits, which is right whichever half is used.
"""

from __future__ import annotations

from portwright.build.m68k_assembly import Line, Unit, made
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 40
KNOWN_IN = ("22",)
REPRODUCER = """
; A constant that only goes to be an address: its upper half must be zeros.
define i32 @get() nounwind {
  %v = load volatile i32, ptr inttoptr (i32 40000 to ptr)
  ret i32 %v
}
"""
NAMES = ("move", "movea", "add", "adda", "sub", "suba", "cmp", "cmpa")


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    changes: dict[int, list[Line]] = {}
    for place, line, instruction in unit.instructions():
        if instruction.name in NAMES and instruction.size == "w":
            source, target = instruction.operands
            digits = source.symbol.removeprefix("+")
            if (
                target.mode == "address"
                and source.mode == "immediate"
                and digits.isdigit()
                and int(digits) > 0x7FFF
            ):
                changes[place] = [made(line, f"{instruction.name}.l\t{source.text}, {target.text}")]
    unit.replace(changes)
    return len(changes)
