"""`cmpi.l #1, %d0` and then `subx.l %d1, %d1`: a compare sets the carry, and not X, which `subx` subtracts.

## What it is
"All ones if there was a borrow" is made by subtracting a register with borrow from itself. That takes the borrow from X;
LLVM knows but one register of flags, and does so behind a compare too, which leaves X as it was long before.

## How it is recognised
`subx` of a data register from itself, where an instruction that leaves X alone has set the flags last.

## How it is mended
`scs` writes ones where the carry is set, and `ext` widens them.
"""

from __future__ import annotations

from portwright.build import m68k_flags
from portwright.build.m68k_assembly import Line, Unit, made
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 60
KNOWN_IN = ("22",)
REPRODUCER = """
define i32 @ones(i32 %n, i32 %other) noinline nounwind {
  %none = icmp eq i32 %n, 0
  %r = select i1 %none, i32 -1, i32 %other
  ret i32 %r
}
"""
WIDER = {"b": (), "w": ("ext.w",), "l": ("ext.w", "ext.l")}


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    changes: dict[int, list[Line]] = {}
    for first, end in unit.functions():
        for place in m68k_flags.borrows_of_compares(unit, first, end):
            line = unit.lines[place]
            assert line.instruction is not None
            register = line.instruction.operands[0].text
            texts = [f"scs\t{register}", *(f"{name}\t{register}" for name in WIDER[line.instruction.size])]
            changes[place] = [made(line, text) for text in texts]
    unit.replace(changes)
    return len(changes)
