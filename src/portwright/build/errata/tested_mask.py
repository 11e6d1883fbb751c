"""`x & 255` that a branch asks about looks as an extension does, of which no branch ever asks.

## What it is
No fault of LLVM's by itself: llc branches on the flags of `and.l #255`, rightly. But an extension becomes the same
instruction, is put in where flags are in use, and only where no branch means it can it be told from the other.

## How it is recognised
In LLVM IR: an `and` with 255 or 65535 whose result, cut or widened or not, is compared with 0, or is what a `switch`
asks about.

## How it is mended
The result goes through an empty piece of inline assembly, word by word: the branch then has a compare of its own.
"""

from __future__ import annotations

import re

from portwright.build.ir_text import NAME, WORD, Function, Module, width
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
_MASKED = re.compile(rf"^  ({NAME}) = and (i\d+) (.+), (255|65535)((?:, !.*)?)$")
_PASSED_ON = re.compile(rf"^  ({NAME}) = (?:trunc|zext|sext|freeze|phi|select) (.*)$")
_ASKS = re.compile(rf"= icmp (?:samesign )?\w+ i\d+ ({NAME}), [01](?!\d)|^  switch i\d+ ({NAME}),")


def mend_ir(module: Module) -> int:
    """Mend every case; how many there were."""
    return sum(_mended(function) for function in module.functions())


def _mended(function: Function) -> int:
    count, lines = 0, list[str]()
    asked: set[str] | None = None
    for line in function.lines:
        found = _MASKED.match(line)
        if found is not None and asked is None:
            asked = _asked(function)
        if found is None or asked is None or found[1] not in asked:
            lines.append(line)
            continue
        name, kind, value, mask, more = found.groups()
        inner = function.fresh()
        lines.append(f"  {inner} = and {kind} {value}, {mask}{more}")
        if width(kind) < WORD:
            lines.append(f'  {name} = call {kind} asm "", "=d,0"({kind} {inner})')
        else:
            lines += function.in_registers(kind, inner, name)
        count += 1
    function.lines[:] = lines
    return count


def _asked(function: Function) -> set[str]:
    """The values that are compared with 0 or that a switch asks about, and those of which they are made unchanged."""
    asked: set[str] = set()
    made_of: dict[str, list[str]] = {}
    for line in function.lines:
        asks, passed = _ASKS.search(line), _PASSED_ON.match(line)
        if asks is not None:
            asked.add(asks[1] or asks[2])
        if passed is not None:
            made_of[passed[1]] = re.findall(NAME, passed[2])
    todo = list(asked)
    while todo:
        for name in made_of.get(todo.pop(), []):
            if name not in asked:
                asked.add(name)
                todo.append(name)
    return asked
