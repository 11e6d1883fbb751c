"""`lea (sym,%pc), %a0` and `bra sym` reach 32 KB: large programs do not link, whatever the code model says.

## What it is
What is addressed relative to the program counter gets a displacement of 16 bits (R_68K_PC16); and a call at the end of a
function becomes a branch to the other one, for which the assembler takes as many.

## How it is recognised
A pc-relative operand with a symbol in it, that is read, or whose address is made, or where a call or jump goes; a branch
to what is no label of its own function.

## How it is mended
By the absolute address, which is 32 bits. The programs of this backend are linked where they run.
"""

from __future__ import annotations

from portwright.base.errors import Where, fail
from portwright.build.m68k_assembly import Line, Unit, made
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 30
KNOWN_IN = ("22",)
REPRODUCER = """
@far = internal global [40000 x i8] zeroinitializer
@value = internal global i32 7
define i32 @get(i32 %n) nounwind {
  %p = getelementptr i8, ptr @far, i32 %n
  store volatile i8 1, ptr %p
  %v = load volatile i32, ptr @value
  ret i32 %v
}
define i32 @last(i32 %n) nounwind {
  %r = tail call i32 @get(i32 %n)
  ret i32 %r
}
"""
ABSOLUTE = {"bra": "jmp", "bsr": "jsr"}


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    changes: dict[int, list[Line]] = {}
    for place, line, instruction in unit.instructions():
        if any(each.mode == "pc-indexed" for each in instruction.operands):
            what = f"in {line.function}: `{line.text.strip()}` has no mend: it is indexed"
            raise fail(what, Where(unit.where.file, line=line.number), None, "backend/erratum")
        name = ABSOLUTE.get(instruction.name)
        if name is not None and not instruction.operands[0].text.startswith(".L"):
            changes[place] = [made(line, f"{name}\t{instruction.operands[0].text}")]
        elif any(each.mode == "pc-displaced" for each in instruction.operands):
            new = [each.symbol if each.mode == "pc-displaced" else each.text for each in instruction.operands]
            changes[place] = [made(line, f"{str(instruction).split()[0]}\t{', '.join(new)}")]
    unit.replace(changes)
    return len(changes)
