"""A shift of 128 bits by a variable takes whole words from the wrong place.

## What it is
llc shifts wide numbers through the stack, at a variable place, and loses the index (as in lost-frame-index, but the place
on the stack is llc's own, so LLVM IR does not show it).

## How it is recognised
`shl`, `lshr`, `ashr`, `llvm.fshl` and `llvm.fshr` of more than 64 bits by what is no constant.

## How it is mended
By the functions of compiler_builtins for such shifts.
"""

from __future__ import annotations

import re

from portwright.base.errors import Where, fail
from portwright.build.ir_text import Function, Module
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 20
KNOWN_IN = ("22",)
REPRODUCER = """
define i64 @high(i64 %x, i32 %n) noinline nounwind {
  %wide = zext i64 %x to i128
  %by = zext i32 %n to i128
  %r = shl i128 %wide, %by
  %h = lshr i128 %r, 64
  %t = trunc i128 %h to i64
  ret i64 %t
}
"""
CALLS = {"shl": "__ashlti3", "lshr": "__lshrti3", "ashr": "__ashrti3"}
_SHIFT = re.compile(r"^  (%\S+) = (shl|lshr|ashr) (?:nuw |nsw |exact )*i(\d+) ([^,]+), (%[^\s,]+)")
_VALUE = r"i\d+ (?:noundef )?([^,)]+)"
_FUNNEL = re.compile(
    r"^  (%\S+) = (?:tail )?call (?:\w+ )*i(\d+) @llvm\.(fshl|fshr)\.i\d+"
    rf"\({_VALUE}, {_VALUE}, i\d+ (?:noundef )?(%[^),]+)\)"
)


def mend_ir(module: Module) -> int:
    """Mend every case; how many there were."""
    count = 0
    for function in module.functions():
        if function.name.strip('"') in CALLS.values():
            continue
        lines: list[str] = []
        for line in function.lines:
            new = _shift(module, function, line) or _funnel(module, function, line)
            count += new is not None
            lines += new or [line]
        function.lines[:] = lines
    return count


def _call(module: Module, result: str, operation: str, value: str, by: str) -> str:
    module.need(f"declare i128 @{CALLS[operation]}(i128, i32)", CALLS[operation])
    return f"  {result} = call i128 @{CALLS[operation]}(i128 {value}, i32 {by})"


def _wide(module: Module, function: Function, bits: str, line: str) -> bool:
    if int(bits) > 128:
        what = f"in {function.name}: a shift of {bits} bits has no mend: `{line.strip()}`"
        raise fail(what, Where(module.name), None, "backend/erratum")
    return int(bits) > 64


def _shift(module: Module, function: Function, line: str) -> list[str] | None:
    found = _SHIFT.match(line)
    if found is None or not _wide(module, function, found[3], line):
        return None
    result, operation, bits, value, by = found.groups()
    if bits != "128":
        what = f"in {function.name}: a shift of {bits} bits has no mend: `{line.strip()}`"
        raise fail(what, Where(module.name), None, "backend/erratum")
    low = function.fresh()
    return [f"  {low} = trunc i128 {by} to i32", _call(module, result, operation, value, low)]


def _funnel(module: Module, function: Function, line: str) -> list[str] | None:
    found = _FUNNEL.match(line)
    if found is None or not _wide(module, function, found[2], line):
        return None
    result, _, kind, high, low, by = found.groups()
    number, rest, left, right, half = (function.fresh() for _ in range(5))
    left_by, right_by = (number, rest) if kind == "fshl" else (rest, number)
    shorter = (low, "lshr") if kind == "fshl" else (high, "shl")
    lines = [f"  {number}.wide = trunc i128 {by} to i32", f"  {number} = and i32 {number}.wide, 127"]
    lines += [f"  {rest} = xor i32 {number}, 127", f"  {half} = {shorter[1]} i128 {shorter[0]}, 1"]
    lines.append(_call(module, left, "shl", high if kind == "fshl" else half, left_by))
    lines.append(_call(module, right, "lshr", half if kind == "fshl" else low, right_by))
    return [*lines, f"  {result} = or i128 {left}, {right}"]
