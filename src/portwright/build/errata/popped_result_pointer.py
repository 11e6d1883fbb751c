"""A local function that returns a struct through memory takes a word off the stack that nobody had put there.

## What it is
Who returns through memory takes the pointer to that memory off the stack, as compilers for this CPU once agreed.
Functions that only this module calls get that pointer in `%a0`, and still take a word off: the return address is copied
over what lies above it, which is a variable of the caller.

## How it is recognised
In LLVM IR: `sret` in a definition or a call with the convention `fastcc`.

## How it is mended
Without `sret`, the pointer is an argument as any other, and the stack stays as it is.
"""

from __future__ import annotations

import re

from portwright.base.errors import Where, fail
from portwright.build.ir_text import Module
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 5
KNOWN_IN = ("22",)
REPRODUCER = """
%three = type { i32, i32, i32 }
define internal fastcc void @fill(ptr noalias sret(%three) align 2 %out, i32 %n) noinline nounwind {
  store volatile i32 %n, ptr %out
  ret void
}
define i32 @kept(i32 %n) noinline nounwind {
  %a = alloca %three, align 2
  call fastcc void @fill(ptr noalias sret(%three) align 2 %a, i32 %n)
  %r = load volatile i32, ptr %a
  ret i32 %r
}
"""
_LOCAL = re.compile(
    r"^(?:define|declare|  (?:%\S+ = )?(?:(?:tail |notail |musttail )?call|invoke)) .*?\bfastcc\b"
)
_THROUGH_MEMORY = re.compile(r'\bsret\((?:[^()"]|"[^"]*")*\) ')


def mend_ir(module: Module) -> int:
    """Mend every case; how many there were."""
    count = 0
    for function in module.functions():
        function.head, found = _without(module, function.head)
        count += found
        for at, line in enumerate(function.lines):
            function.lines[at], found = _without(module, line)
            count += found
    return count


def _without(module: Module, line: str) -> tuple[str, int]:
    """A line without `sret`, and how often it had it."""
    if "sret(" not in line or not _LOCAL.match(line):
        return line, 0
    mended, count = _THROUGH_MEMORY.subn("", line)
    if "sret(" in mended:
        raise fail(f"`sret` is not understood: `{line.strip()}`", Where(module.name), None, "backend/erratum")
    return mended, count
