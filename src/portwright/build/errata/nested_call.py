"""The arguments of one call are overwritten by those of another, which are put on the stack too early.

## What it is
Products and quotients of 64 bits and all of floating point are calls of the runtime library, which llc makes itself
and keeps in no order with other calls. Where such a call's argument is in memory since a call before it, llc copies it
straight from there to the stack. It then takes the earlier call for a part of the later one, and puts other arguments
of the later one on the stack before the earlier call is made: in the same place.

## How it is recognised
In LLVM IR: an operation that may become such a call, of a value made in the same block, behind a call. And the
result of such an operation of more than 64 bits, which lies in memory.

## How it is mended
The value goes through an empty piece of inline assembly, word by word: it must be in registers there, and nothing is
copied from memory to memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from portwright.build.ir_text import NAME, Function, Module
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 25
KNOWN_IN = ("22",)
REPRODUCER = """
; The product is a call of __muldi3, whose second factor lies where @wide has put it.
define i128 @wide(i32 %a, i32 %b) noinline nounwind {
  %sum = add i32 %a, %b
  %r = zext i32 %sum to i128
  ret i128 %r
}
define i64 @product(i64 %x, i32 %a) noinline nounwind {
  %q = call i128 @wide(i32 %a, i32 2)
  %l = trunc i128 %q to i64
  %r = mul i64 %x, %l
  ret i64 %r
}
"""
_KIND = r"(?:i\d+|float|double|fp128|<\d+ x (?:i\d+|float|double)>)"
_RESULT = re.compile(rf"^  ({NAME}) = ")
_OPERATION = re.compile(
    rf"^  {NAME} = (?:fadd|fsub|fmul|fdiv|frem|mul|[us]div|[us]rem|fcmp|fpto[us]i|[us]itofp|fpext|fptrunc) "
    rf"(?:[a-z]+ )*?({_KIND}) (.+)"
)
_INTRINSIC = re.compile(rf"^  {NAME} = .*\bcall .*@llvm\.[\w.]*(?:mul|\.f\d+)[\w.]*\((.*)\)")
_ARGUMENT = re.compile(rf"({_KIND}) (?:noundef |range\([^)]*\) )*({NAME})")
_OPERAND = re.compile(rf"(?:^|, )({NAME})")
_CALLS = re.compile(
    rf"^  (?:{NAME} = )?(?:\w+ )*?(?:call|invoke|atomicrmw|cmpxchg|load atomic|store atomic)\b"
)
_NO_CALL = re.compile(r" asm |@llvm\.(?:lifetime|assume|experimental|dbg|fsh|[su](?:min|max)|abs|ct|bswap)")
_WIDE = re.compile(
    rf"^  ({NAME}) = (?:mul|[us]div|[us]rem) (?:[a-z]+ )*?(i\d+) |^  ({NAME}) = fpto[us]i .* to (i\d+)"
)
_FROM_MEMORY = re.compile(
    rf"^  {NAME} = (?:load|.*\bcall (?:\w+ )*(?:i(?:6[5-9]|[7-9]\d|\d{{3,}})|[\[{{%<]))"
)
_PASSES_ON = re.compile(
    rf"^  {NAME} = (?:trunc|zext|sext|shl|lshr|ashr|or|and|xor|bitcast|extractvalue|freeze"
    r"|.*@llvm\.(?:fsh|bswap)) ?(.*)"
)
_LABEL = re.compile(r'^([\w.$-]+|"[^"]*"):(?:\s*; preds = %(\S+)$)?')
_GOES_ON = re.compile(r"^  br label %([^\s,]+)")
IN_REGISTERS = 64
"""Bits of a result that still come back in registers."""


@dataclass
class _Block:
    """What is known of a block: whether it has called, what may lie in memory, and what of that has which new name."""

    called: bool = False
    memory: set[str] = field(default_factory=set)
    hidden: dict[str, str] = field(default_factory=dict)


def mend_ir(module: Module) -> int:
    """Mend every case; how many there were."""
    return sum(_mended(function) for function in module.functions())


def _mended(function: Function) -> int:
    count, lines = 0, list[str]()
    block, into = _Block(), dict[str, _Block]()
    for line in function.lines:
        label, goes_on = _LABEL.match(line), _GOES_ON.match(line)
        if (
            label is not None
        ):  # llc makes one block of two where the first leads only here, and nothing else does
            block = into.get(label[1], _Block()) if label[2] else _Block()
        if goes_on is not None:
            into[goes_on[1]] = block
        new = _line(function, block, line)
        count += len(new) > 1
        lines += new
    function.lines[:] = lines
    return count


def _line(function: Function, block: _Block, line: str) -> list[str]:
    """A line, with what must stand before and behind it."""
    lines: list[str] = []
    for kind, value in _operands(line) if block.called else ():
        if value in block.memory and value not in block.hidden:
            new, block.hidden[value] = function.through_registers(kind, value)
            lines += new
        if value in block.hidden and block.hidden[value] != value:
            head, equals, rest = line.partition(" = ")
            line = head + equals + re.sub(rf"{re.escape(value)}(?![\w.$-])", block.hidden[value], rest)
    wide = _WIDE.match(line)
    result = _RESULT.match(line)
    block.called |= bool(_CALLS.match(line)) and not _NO_CALL.search(line)
    if wide is not None and int((wide[2] or wide[4])[1:]) > IN_REGISTERS:
        name, kind = (wide[1], wide[2]) if wide[1] else (wide[3], wide[4])
        inner = function.fresh()
        block.called = True
        return [
            *lines,
            line.replace(f"  {name} = ", f"  {inner} = ", 1),
            *function.in_registers(kind, inner, name),
        ]
    passed = _PASSES_ON.match(line)
    given = re.findall(NAME, passed[1]) if passed is not None else []
    if result is not None and (_FROM_MEMORY.match(line) or not block.memory.isdisjoint(given)):
        block.memory.add(result[1])
    return [*lines, line]


def _operands(line: str) -> list[tuple[str, str]]:
    """(kind, name) of what an operation takes that may become a call."""
    found = _OPERATION.match(line)
    if found is not None:
        return [(found[1], value) for value in _OPERAND.findall(found[2].partition(" to ")[0])]
    intrinsic = _INTRINSIC.match(line)
    return _ARGUMENT.findall(intrinsic[1]) if intrinsic is not None else []
