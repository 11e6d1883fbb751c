"""`a[i]` of an array on the stack reads and writes `a[0]`: the index is lost.

## What it is
When an address is the sum of a place on the stack and a variable, llc's matcher takes both into one addressing mode, and
then emits the mode that has no index register.

## How it is recognised
In LLVM IR, where assembly no longer shows it: an `alloca`, or an argument passed by value, that is indexed by what is no
constant, becomes a number, becomes part of a value, or is one of the values of a `phi` or `select`, of which llc itself
may make an index.

## How it is mended
The address goes through an empty piece of inline assembly, so that nobody sees that it is a place on the stack. An
element of a vector by a variable index goes the same way inside of llc, where no mend reaches: that stops the build.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from portwright.base.errors import Where, fail
from portwright.build.ir_text import NAME, Function, Module, is_register
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 10
KNOWN_IN = ("22",)
REPRODUCER = """
define i32 @pick(i32 %at, i32 %value) noinline nounwind {
  %a = alloca [4 x i32], align 2
  store volatile i32 0, ptr %a
  %p = getelementptr i32, ptr %a, i32 %at
  store volatile i32 %value, ptr %p
  %first = load volatile i32, ptr %a
  ret i32 %first
}
"""
_JOINED = re.compile(r"^  %\S+ = (?:phi|select|freeze|insertvalue) ")
_ELEMENT = re.compile(r"(?:extractelement|insertelement) <.* i(?:8|16|32|64) %[\w.$-]+$")


def mend_ir(module: Module) -> int:
    """Mend every case; how many there were."""
    return sum(_mended(module, function) for function in module.functions())


def _mended(module: Module, function: Function) -> int:
    for line in function.lines:
        if _ELEMENT.search(line):
            what = f"in {function.name}: a vector's element by a variable index: `{line.strip()}`"
            raise fail(what, Where(module.name), "keep vectors out: it would be element 0", "backend/erratum")
    roots = [*function.by_value(), *function.results("alloca")]
    if not roots:
        return 0
    of = _places(function, roots)
    found: dict[str, None] = {}
    for line in function.lines:
        step = function.pointer_step(line)
        if step is None:
            found |= _joined(line, of)
        elif step[1] in of and any(is_register(each) for each in step[2]):
            found[of[step[1]]] = None
    for root in found:
        function.hide(root)
    return len(found)


def _places(function: Function, roots: Sequence[str]) -> dict[str, str]:
    """Every pointer at a constant distance from one of these, with which."""
    of, known = {root: root for root in roots}, 0
    while known != len(of):  # blocks may stand in any order
        known = len(of)
        for line in function.lines:
            step = function.pointer_step(line)
            if (
                step is not None
                and step[0]
                and step[1] in of
                and not any(is_register(each) for each in step[2])
            ):
                of[step[0]] = of[step[1]]
    return of


def _joined(line: str, of: dict[str, str]) -> dict[str, None]:
    """The places on the stack that a line may choose among."""
    if not _JOINED.match(line):
        return {}
    named = re.findall(NAME, line.partition(" = ")[2])
    return {of[name]: None for name in named if name in of}
