"""A product of 8 or 16 bits never overflows, as far as its flag says.

## What it is
`llvm.smul.with.overflow` and its unsigned sister ask for the flag V behind the product. `muls.w` and `mulu.w` make all 32
bits of a product of two words, and always clear V: a number of 16 bits that is too large is taken.

## How it is recognised
In LLVM IR: those two functions of i8 and i16.

## How it is mended
By a product of 32 bits, which is compared with its own lower part, widened.
"""

from __future__ import annotations

import re

from portwright.build.ir_text import Function, Module
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 20
KNOWN_IN = ("22",)
REPRODUCER = """
declare { i16, i1 } @llvm.umul.with.overflow.i16(i16, i16)
define i32 @overflows(i16 %x) noinline nounwind {
  %both = call { i16, i1 } @llvm.umul.with.overflow.i16(i16 %x, i16 10)
  %flag = extractvalue { i16, i1 } %both, 1
  %r = zext i1 %flag to i32
  ret i32 %r
}
"""
_VALUE = r"(?:noundef )?([^,()]+)"
_CALL = re.compile(
    r"^  (%\S+) = (?:tail |notail |musttail )?call \{ i(8|16), i1 \} @llvm\.([su])mul\.with\.overflow\.i(?:8|16)"
    rf"\(i(?:8|16) {_VALUE}, i(?:8|16) {_VALUE}\)"
)


def mend_ir(module: Module) -> int:
    """Mend every case; how many there were."""
    return sum(_mended(function) for function in module.functions())


def _mended(function: Function) -> int:
    count, lines = 0, list[str]()
    for line in function.lines:
        found = _CALL.match(line)
        lines += [line] if found is None else _wide(function, *found.groups())
        count += found is not None
    function.lines[:] = lines
    return count


def _wide(function: Function, result: str, bits: str, sign: str, one: str, other: str) -> list[str]:
    left, right, product, low, again, over, half = (function.fresh() for _ in range(7))
    widen, pair = f"{sign.replace('u', 'z')}ext", f"{{ i{bits}, i1 }}"
    return [
        f"  {left} = {widen} i{bits} {one} to i32",
        f"  {right} = {widen} i{bits} {other} to i32",
        f"  {product} = mul i32 {left}, {right}",
        f"  {low} = trunc i32 {product} to i{bits}",
        f"  {again} = {widen} i{bits} {low} to i32",
        f"  {over} = icmp ne i32 {again}, {product}",
        f"  {half} = insertvalue {pair} poison, i{bits} {low}, 0",
        f"  {result} = insertvalue {pair} {half}, i1 {over}, 1",
    ]
