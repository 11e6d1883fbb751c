"""`link.w %a6, #-40000` moves the stack up by 25536: a frame beyond 32 KB does not fit into its word.

## What it is
A function that keeps a frame pointer (its stack is realigned, or it has room of a size not known before) makes its frame
by `link.w`, whatever the frame's size. GNU as takes a number up to 65535 for one, and the processor extends its sign.

## How it is recognised
`link.w` with a number below -32768.

## How it is mended
By `link.l`, which the 68020 and its followers have. For an older CPU the assembler refuses that, and the build stops.
"""

from __future__ import annotations

from portwright.build.m68k_assembly import Line, Unit, made
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 41
KNOWN_IN = ("22",)
REPRODUCER = """
define i32 @large(i32 %n) noinline nounwind {
  %a = alloca [10000 x i32], align 16
  %p = getelementptr i32, ptr %a, i32 %n
  store volatile i32 %n, ptr %p
  %v = load volatile i32, ptr %p
  ret i32 %v
}
"""
LOWEST = -0x8000


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    changes: dict[int, list[Line]] = {}
    for place, line, instruction in unit.instructions():
        if (instruction.name, instruction.size) == ("link", "w"):
            pointer, size = instruction.operands
            if int(size.symbol) < LOWEST:
                changes[place] = [made(line, f"link.l\t{pointer.text}, {size.text}")]
    unit.replace(changes)
    return len(changes)
