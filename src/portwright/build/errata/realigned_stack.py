"""A function whose variables want more alignment than the stack has loses its first argument.

## What it is
The entry code rounds the stack pointer down by way of `%d0`. A function that only this module calls has its first
arguments in `%d0`, `%d1`, `%a0` and `%a1`: what was in `%d0` is gone before it is read.

## How it is recognised
`move.l %sp, %d0`, `and.l #-N, %d0`, `move.l %d0, %sp`, behind a `link` that makes room.

## How it is mended
`%d0` is kept in the highest word of the new frame meanwhile, which holds nothing yet.
"""

from __future__ import annotations

from portwright.build.m68k_assembly import Instruction, Line, Unit, made
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 30
KNOWN_IN = ("22",)
REPRODUCER = """
define internal fastcc i32 @kept(i32 %n) noinline nounwind {
  %a = alloca [4 x i32], align 16
  store volatile i32 0, ptr %a
  %b = ptrtoint ptr %a to i32
  %c = and i32 %b, 15
  %d = add i32 %c, %n
  ret i32 %d
}
define i32 @asked(i32 %n) noinline nounwind {
  %r = call fastcc i32 @kept(i32 %n)
  ret i32 %r
}
"""


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    changes: dict[int, list[Line]] = {}
    rows = list(unit.instructions())
    for index in range(len(rows) - 3):
        one, two, three = rows[index + 1 : index + 4]
        link = rows[index][2]
        if link.name == "link" and _rounds(one[2], two[2], three[2]):
            slot = f"(-4,{link.operands[0].text})"
            first, last = one[1], three[1]
            changes[one[0]] = [made(first, f"move.l\t%d0, {slot}"), made(first, "move.l\t%sp, %d0")]
            changes[three[0]] = [made(last, "move.l\t%d0, %sp"), made(last, f"move.l\t{slot}, %d0")]
    unit.replace(changes)
    return len(changes) // 2


def _rounds(one: Instruction, two: Instruction, three: Instruction) -> bool:
    """Whether three instructions round the stack pointer down in `%d0`."""
    words = [" ".join(str(each).split()) for each in (one, two, three)]
    rounding = words[1].startswith("and.l #-") and words[1].endswith(", %d0")
    return words[0] == "move.l %sp, %d0" and rounding and words[2] == "move.l %d0, %sp"
