"""`bne .L1` reaches 32 KB: a branch over more code goes the other way, and over more than 64 KB it is refused.

## What it is
Branches are written without a size. GNU as takes that for a displacement of 16 bits, and says nothing as long as it
fits without its sign. LLVM's own assembler makes them as long as they must be, but writes what else does not exist.

## How it is recognised
A branch, conditional or not, that has no size.

## How it is mended
By the name that lets GNU as choose the shortest displacement that reaches (`jbne`): 8, 16 or, from the 68020 on, 32 bits.
"""

from __future__ import annotations

from portwright.build.m68k_assembly import Unit
from portwright.build.m68k_assembly import read as read
from portwright.build.m68k_instructions import CONDITIONS

ARCH = "m68k"
ORDER = 95
"""After all that looks at instructions: only the text changes here."""
KNOWN_IN = ("22",)
REPRODUCER = """
define i32 @far(i32 %n) noinline nounwind {
  %none = icmp eq i32 %n, 0
  br i1 %none, label %no, label %yes
yes:
  call void asm sideeffect ".fill 20000, 2, 0x4e71", ""()
  ret i32 1
no:
  call void asm sideeffect ".fill 20000, 2, 0x4e71", ""()
  ret i32 2
}
"""
NAMES = {"bra": "jbra"} | {f"b{name}": f"jb{name}" for name, flags in CONDITIONS.items() if flags}
NAMES |= {"bhs": "jbcc", "blo": "jbcs"}  # GNU as has no such names for these two


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    count = 0
    for _, line, instruction in unit.instructions():
        if instruction.name in NAMES and not instruction.size:
            line.text = f"\t{NAMES[instruction.name]}\t{instruction.operands[0].text}"
            count += 1
    return count
