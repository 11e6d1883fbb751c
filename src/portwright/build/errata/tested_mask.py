"""`x & 255` that a branch asks about looks as an extension does, of which no branch ever asks.

## What it is
No fault of LLVM's by itself: llc branches on the flags of `and.l #255`, rightly. But an extension becomes the same
instruction, is put in where flags are in use, and only where no branch means it can it be told from the other.

## How it is recognised
In LLVM IR: an `and` with 255 or 65535 whose result is compared with 0, or is what a `switch` asks about.

## How it is mended
The result goes through an empty piece of inline assembly: the branch then has a compare of its own.
"""

from __future__ import annotations

import re

from portwright.build.ir_text import Function, Module
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 15
KNOWN_IN = ("22",)
REPRODUCER = """
define i32 @low(i32 %x, i32 %y) noinline nounwind {
  %other = and i32 %y, 8388607
  %bits = lshr i32 %x, 23
  %low = and i32 %bits, 255
  %none = icmp eq i32 %low, 0
  br i1 %none, label %yes, label %no
yes:
  %r = add i32 %other, 1
  ret i32 %r
no:
  %s = add i32 %other, %low
  ret i32 %s
}
"""
_NAME = r'%(?:[\w.$-]+|"[^"]*")'
_MASKED = re.compile(rf"^  ({_NAME}) = and (i16|i32) (.+), (255|65535)((?:, !.*)?)$")


def mend_ir(module: Module) -> int:
    """Mend every case; how many there were."""
    return sum(_mended(function) for function in module.functions())


def _mended(function: Function) -> int:
    count, lines = 0, []
    for line in function.lines:
        found = _MASKED.match(line)
        if found is None or not _asked(function, found[1]):
            lines.append(line)
            continue
        name, kind, value, mask, more = found.groups()
        hidden = function.fresh()
        lines.append(f"  {hidden} = and {kind} {value}, {mask}{more}")
        lines.append(f'  {name} = call {kind} asm "", "=d,0"({kind} {hidden})')
        count += 1
    function.lines[:] = lines
    return count


def _asked(function: Function, name: str) -> bool:
    """Whether a value is compared with 0, or a switch asks about it."""
    own = re.escape(name)
    asks = re.compile(rf"= icmp (?:samesign )?\w+ i\d+ {own}, 0|^  switch i\d+ {own},")
    return any(asks.search(line) for line in function.lines)
