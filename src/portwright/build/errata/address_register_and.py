"""`and.l #65535, %a0`: there is no such instruction, to an address register.

## What it is
An extension of 16 bits to 32 may have its place in any register, and is made into `and.l #65535` (unsigned) or `ext.l`
(signed) of it, which address registers do not have. LLVM's own assembler writes bytes for it all the same.

## How it is recognised
`and` or `ext` whose last operand is an address register.

## How it is mended
`movea.w` extends signed. Unsigned: a zero is pushed, its lower half overwritten, the whole popped. No flag changes.
"""

from __future__ import annotations

from dataclasses import replace

from portwright.base.errors import fail
from portwright.build.m68k_assembly import Line, Unit, made
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 10
KNOWN_IN = ("22",)
REPRODUCER = """
; The widened value is only used as an address, so it lies in an address register.
define i32 @at(ptr %table, i16 %n) nounwind {
  %wide = zext i16 %n to i32
  %p = inttoptr i32 %wide to ptr
  %v = load i32, ptr %p
  %q = load i32, ptr %table
  %r = add i32 %v, %q
  ret i32 %r
}
"""


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    changes: dict[int, list[Line]] = {}
    for place, line, instruction in unit.instructions():
        if instruction.name not in ("and", "ext") or instruction.operands[-1].mode != "address":
            continue
        register = instruction.operands[-1].text
        if (instruction.name, instruction.size) == ("ext", "l"):
            texts = [f"movea.w\t{register}, {register}"]
        elif instruction.size == "l" and instruction.operands[0].text == "#65535":
            texts = ["pea\t0", f"movem.w\t{register}, (2,%sp)", f"movem.l\t(%sp)+, {register}"]
        else:
            what = (
                f"in {line.function}: `{line.text.strip()}` has no mend: an address register has no such bits"
            )
            raise fail(what, replace(unit.where, line=line.number), None, "backend/erratum")
        changes[place] = [made(line, text) for text in texts]
    unit.replace(changes)
    return len(changes)
