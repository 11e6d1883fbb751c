"""`move.l %d1, (sym,%pc)`: nothing can be written to an address relative to the program counter.

## What it is
Variables are addressed relative to the program counter, also where they are written; the CPU has no such destination.

## How it is recognised
An operand that is written, in a pc-relative mode.

## How it is mended
By the absolute address.
"""

from __future__ import annotations

from portwright.build.m68k_assembly import Instruction, Line, Operand, Unit, made
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 20
KNOWN_IN = ("22",)
REPRODUCER = """
@count = internal global i32 0
define void @set(i32 %n) nounwind {
  store volatile i32 %n, ptr @count
  ret void
}
"""


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    changes: dict[int, list[Line]] = {}
    for place, line, instruction in unit.instructions():
        if any(_is_store(instruction, at, each) for at, each in enumerate(instruction.operands)):
            new = [each.symbol if each.mode == "pc-displaced" else each.text for each in instruction.operands]
            changes[place] = [made(line, f"{str(instruction).split()[0]}\t{', '.join(new)}")]
    unit.replace(changes)
    return len(changes)


def _is_store(instruction: Instruction, at: int, operand: Operand) -> bool:
    does = instruction.effect.operands[at] if at < len(instruction.effect.operands) else "m"
    return operand.mode == "pc-displaced" and does in "wm"
