"""llc does not know how to compare and exchange at a variable's address plus a number.

## What it is
For `cas` llc has patterns of fewer addressing modes than for `move`: one field of a static, which is a symbol and a
number, is in none of them. It ends with "Cannot select: AtomicCmpSwap"; at no level there is another way.

## How it is recognised
In LLVM IR: `cmpxchg` and `atomicrmw`.

## How it is mended
The address goes through an empty piece of inline assembly, after which it is in a register.
"""

from __future__ import annotations

import re

from portwright.build.ir_text import Function, Module
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 8
KNOWN_IN = ("22",)
REPRODUCER = """
@cells = internal global [4 x i32] zeroinitializer
define i32 @exchanged(i32 %old, i32 %new) noinline nounwind {
  %both = cmpxchg ptr getelementptr (i8, ptr @cells, i32 4), i32 %old, i32 %new seq_cst seq_cst
  %seen = extractvalue { i32, i1 } %both, 0
  %now = atomicrmw add ptr getelementptr (i8, ptr @cells, i32 4), i32 1 seq_cst
  %r = sub i32 %now, %seen
  ret i32 %r
}
"""
_ATOMIC = re.compile(r"^  (?:%\S+ = )?(?:cmpxchg|atomicrmw) (?:\w+ )*?ptr ")


def mend_ir(module: Module) -> int:
    """Mend every case; how many there were."""
    return sum(_mended(function) for function in module.functions())


def _mended(function: Function) -> int:
    count, lines = 0, list[str]()
    for line in function.lines:
        found = _ATOMIC.match(line)
        if found is not None:
            end = _operand_end(line, found.end())
            name = function.fresh()
            lines.append(f'  {name} = call ptr asm "", "=r,0"(ptr {line[found.end() : end]})')
            line = line[: found.end()] + name + line[end:]
            count += 1
        lines.append(line)
    function.lines[:] = lines
    return count


def _operand_end(line: str, start: int) -> int:
    """Where an operand ends: at the comma that no parentheses are around."""
    depth = 0
    for at in range(start, len(line)):
        depth += (line[at] == "(") - (line[at] == ")")
        if line[at] == "," and depth == 0:
            return at
    return len(line)
