"""Several registers fetched by one `movem` get each other's values.

## What it is
Neighbouring `movem` of one register each become one of all. It moves registers in their own order, so they may only
be joined where they lie in that order; all that is asked is whether the newest is below the others taken as one number.
So `%d0` and `%d3` at 4 and 8, and then `%d1` at 0, become `movem.l (0,%sp), %d0-%d1/%d3`. Nor is it
asked whether a register is among them already: of the places where one is stored twice, one is left as it was.

## How it is recognised
Not in assembly, which does not show what there was before. llc prints its code before that pass, and each `movem`
of the assembly is held against those that it was made of.

## How it is mended
By those that it was made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from portwright.base.errors import Where, fail
from portwright.build.m68k_assembly import REGISTERS, Instruction, Line, Unit, listed, made
from portwright.build.m68k_assembly import read as read

ARCH = "m68k"
ORDER = 1
"""First: others put in `movem` of their own."""
KNOWN_IN = ("22",)
BEFORE_PASS = "m68k-collapse-movem"
REPRODUCER = """
define i64 @later(i64 %x, i32 %n) noinline nounwind {
  %wide = zext i32 %n to i64
  br label %next
next:
  %sum = add i64 %x, %wide
  ret i64 %sum
}
"""
_FUNCTION = re.compile(r"# Machine code for function (.+?): ")
_FORMS = (
    (False, re.compile(r"MOVM32pm (-?\d+), \$(\w+), (\d+)")),
    (False, re.compile(r"MOVM32jm ()\$(\w+), (\d+)")),
    (True, re.compile(r"MOVM32mp (\d+), (-?\d+), \$(\w+)")),
    (True, re.compile(r"MOVM32mj (\d+), ()\$(\w+)")),
)


@dataclass(frozen=True, slots=True)
class _Move:
    """Registers, as bits, that are loaded from or stored to a place behind what a register points at."""

    load: bool
    base: str
    offset: int
    mask: int

    def places(self) -> dict[str, int]:
        """Where each register lies."""
        names = [name for bit, name in enumerate(REGISTERS) if self.mask >> bit & 1]
        return {name: self.offset + 4 * at for at, name in enumerate(names)}

    def __str__(self) -> str:
        listed, memory = "/".join(self.places()), f"({self.offset},{self.base})"
        return f"movem.l\t{memory}, {listed}" if self.load else f"movem.l\t{listed}, {memory}"


def mend(unit: Unit) -> int:
    """Mend every case; how many there were."""
    if not unit.machine:
        return 0
    before = dict(_before(unit.machine))
    changes: dict[int, list[Line]] = {}
    for first, end in unit.functions():
        name = unit.lines[first].function.strip('"')
        moves = iter(before.get(name, []))
        for place in range(first, end):
            line = unit.lines[place]
            move = _read(line.instruction) if line.instruction is not None else None
            if move is not None:
                parts = _made_of(move, moves, Where(unit.where.file, line=line.number), name)
                places = [place for part in parts for place in part.places().items()]
                if sorted(places) != sorted(move.places().items()):
                    changes[place] = [made(line, str(part)) for part in parts]
    unit.replace(changes)
    return len(changes)


def _before(text: str) -> Iterator[tuple[str, list[_Move]]]:
    """The moves of each function in llc's own code."""
    found: list[_Move] = []
    for line in text.splitlines():
        name = _FUNCTION.match(line)
        if name is not None:
            found = []
            yield name[1], found
        elif "MOVM32" in line:
            for load, form in _FORMS:
                said = form.search(line)
                if said is not None:
                    mask, offset, base = said.groups() if load else (said[3], said[1], said[2])
                    found.append(_Move(load, f"%{base}", int(offset or 0), int(mask)))


def _read(instruction: Instruction) -> _Move | None:
    """The move that an instruction is."""
    if (instruction.name, instruction.size) != ("movem", "l"):
        return None
    load = instruction.operands[0].in_memory
    memory, listed = instruction.operands if load else instruction.operands[::-1]
    offset = int(memory.symbol) if memory.mode == "displaced" else 0
    return _Move(load, memory.registers[0], offset, _mask(listed.text))


def _mask(text: str) -> int:
    """A list of registers as bits."""
    return sum(1 << REGISTERS.index(name) for name in listed(text))


def _made_of(move: _Move, moves: Iterator[_Move], where: Where, function: str) -> list[_Move]:
    """Those before that became this one: all its registers, from where it begins."""
    parts, mask, lowest = list[_Move](), 0, None
    while mask != move.mask or lowest != move.offset:
        part = next(moves, None)
        if part is None or part.load != move.load or part.mask & ~move.mask:
            what = f"in {function}: `{move!s}` is not what llc's own code has there"
            raise fail(what, where, None, "backend/erratum")
        parts.append(part)
        mask |= part.mask
        lowest = part.offset if lowest is None else min(lowest, part.offset)
    return parts
