"""Which flags are still wanted where, in a function of m68k assembly; and which instructions destroy them on the way.

LLVM takes all flags as one register that every compare and every arithmetic sets. What it puts in later, without asking
whether that register is in use, are copies (moves) and extensions (and with 255 or 65535, ext). These are never what a
branch asks about, so flags that are wanted after them must have come from before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from portwright.base.errors import BadInput, Fault
from portwright.build.m68k_assembly import Instruction, Line, Unit, listed

_BITS = {flag: 1 << place for place, flag in enumerate("XNZVC")}
_EVERY = sum(_BITS.values())
PASSES_Z_ON = ("addx", "subx", "negx")
"""These clear Z or leave it: it is wanted of what was before only where it is wanted after them."""
HINT = (
    "llc's code means something that is not known here; `[backend] errata = false` goes without any mending"
)


def mask(flags: frozenset[str]) -> int:
    """A set of flags as bits."""
    return sum(_BITS[flag] for flag in flags)


def is_extension(instruction: Instruction) -> bool:
    """Whether it only widens what is in a register."""
    if instruction.name in ("ext", "extb"):
        return True
    masks = ("#255", "#65535")
    return instruction.name == "and" and instruction.operands[0].text in masks and _to_data(instruction)


def _to_data(instruction: Instruction) -> bool:
    return instruction.operands[-1].mode in ("data", "address")


def carries(instruction: Instruction) -> bool:
    """Whether its flags are nothing that anyone asked for: a copy, or an extension."""
    return (instruction.effect.moves and instruction.operands[-1].mode != "flags") or is_extension(
        instruction
    )


@dataclass
class _Step:
    place: int
    line: Line
    instruction: Instruction | None
    next: tuple[int, ...] = ()
    reads: int = 0
    writes: int = 0
    carries: bool = False
    wanted: int = 0
    set: bool = False
    compared: bool = False


def destroyed(unit: Unit, first: int, end: int) -> Iterator[tuple[int, frozenset[str]]]:
    """(place, flags) of every copy or extension of a function that destroys flags wanted after it.

    Raises `BadInput` where flags are wanted that nothing has set.
    """
    steps = _steps(unit, first, end)
    _follow_sets(steps)
    _follow_wants(steps)
    if _settle_extensions(steps):
        _follow_wants(steps)
    faults = []
    for step in steps:
        lost = step.wanted & step.writes
        calls = step.instruction is None or step.instruction.effect.calls
        if (calls and step.wanted) or (step is steps[0] and _before(step)):
            what = f"in {step.line.function}: flags are asked for that nothing has set since here"
            faults.append(Fault(what, replace(unit.where, line=step.line.number), HINT, "backend/flags"))
        elif step.carries and lost:
            yield step.place, frozenset(flag for flag, bit in _BITS.items() if bit & lost)
    if faults:
        raise BadInput(faults)


def borrows_of_compares(unit: Unit, first: int, end: int) -> Iterator[int]:
    """The place of every `subx` of a register from itself in a function before which something has set the carry and
    not X: it is there for the borrow, which X is not."""
    steps = _steps(unit, first, end)
    before: dict[int, list[int]] = {}
    for at, step in enumerate(steps):
        for after in step.next:
            before.setdefault(after, []).append(at)
    for at, step in enumerate(steps):
        known = step.instruction
        if known is None or known.name != "subx" or known.operands[0] != known.operands[1]:
            continue
        if known.operands[0].mode == "data" and not _sets_x_before(steps, before, at):
            yield step.place


def _sets_x_before(steps: list[_Step], before: dict[int, list[int]], at: int) -> bool:
    """Whether all that may have set the flags last before a step has set X with them."""
    seen, todo = {at}, list(before.get(at, []))
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        step = steps[place]
        if step.writes and not step.carries:
            if step.instruction is None or step.instruction.effect.calls or not step.writes & _BITS["X"]:
                return False
            continue
        todo += before.get(place, [])
    return True


def _settle_extensions(steps: list[_Step]) -> bool:
    """Take back of extensions that they only carry, where what is wanted after them may well be about their result.

    An extension is not what was meant where carry or overflow are wanted, which it always clears, or where a compare
    comes before it, whose only use are its flags. Where what comes before has another use, the nearer one is meant.
    """
    settled = False
    for step in steps:
        if not (step.carries and step.instruction is not None and is_extension(step.instruction)):
            continue
        if step.wanted & (_BITS["C"] | _BITS["V"]) and step.set:
            continue
        if not step.compared:
            step.carries, settled = False, True
    return settled


DATA = re.compile(r"%d[0-7]")
SCRATCH = ("%d0", "%d1")


def _only_compares(steps: list[_Step], at: int) -> bool:
    """Whether an instruction is there for its flags alone: a compare, or a subtraction whose result nobody reads."""
    instruction = steps[at].instruction
    assert instruction is not None
    if instruction.name.startswith("cmp") or instruction.name in ("tst", "btst"):
        return True
    target = instruction.operands[-1].text if instruction.operands else ""
    return (
        instruction.name in ("sub", "subi", "subq")
        and bool(DATA.fullmatch(target))
        and _dead(steps, at, target)
    )


def _dead(steps: list[_Step], at: int, register: str) -> bool:
    """Whether nobody reads a data register after a place before it is written anew."""
    seen: set[int] = set()
    todo = list(steps[at].next)
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        instruction = steps[place].instruction
        if instruction is None:
            return False
        does = _does(instruction, register)
        if does == "r" or (register in SCRATCH and instruction.effect.ends and not steps[place].next):
            return False
        if does == "w" or (register in SCRATCH and instruction.effect.calls):
            continue
        todo += steps[place].next
    return True


def _does(instruction: Instruction, register: str) -> str:
    """What an instruction does with a data register: `r` reads it, `w` writes all of it; nothing, or a part of it."""
    found = ""
    for letter, operand in zip(instruction.effect.operands, instruction.operands, strict=False):
        own = operand.text == register
        if operand.mode == "list":
            if register in listed(operand.text):
                found = "r" if letter == "r" or found == "r" else "w"
        elif (own and letter in "rm") or (not own and register in operand.registers):
            return "r"
        elif own and letter == "w":
            if instruction.size not in ("l", "") or instruction.name.startswith("s"):
                return "r"
            found = "w"
    return found


def _steps(unit: Unit, first: int, end: int) -> list[_Step]:
    """The instructions of a function, with where each goes on; somebody's own assembly as one that calls."""
    found: list[_Step] = []
    labels: dict[str, int] = {}
    for place in range(first, end):
        line = unit.lines[place]
        if line.label:
            labels[line.label] = len(found)
        elif line.inline:
            found.append(_Step(place, line, None, reads=0, writes=_EVERY))
        elif line.instruction is not None:
            known = line.instruction
            reads, writes = mask(known.reads), mask(known.writes)
            found.append(_Step(place, line, known, (), reads, writes, carries(known)))
    labels = {name: at for name, at in labels.items() if at < len(found)}
    tables = [labels[name] for name in _tabled(unit, end) if name in labels]
    for at, step in enumerate(found):
        after = [at + 1] if at + 1 < len(found) else []
        if step.instruction is not None:
            after = [] if step.instruction.effect.ends else after
            if step.instruction.effect.operands.endswith("t") and not step.instruction.effect.calls:
                after += _targets(step.instruction, labels, tables)
        step.next = tuple(after)
    return found


_ENTRY = re.compile(r"\s*\.long\s+(\.L\w+)\s*$")


def _tabled(unit: Unit, end: int) -> Iterator[str]:
    """The labels in the tables behind a function, to which its switches jump."""
    for line in unit.lines[end:]:
        if line.label and line.label == line.function:
            return
        entry = _ENTRY.match(line.text)
        if entry is not None:
            yield entry[1]


def _targets(instruction: Instruction, labels: dict[str, int], tables: list[int]) -> list[int]:
    """Where a jump may go on in its function: at its label, or by an address at any that a table has."""
    operand = instruction.operands[-1]
    if operand.text in labels:
        return [labels[operand.text]]
    return tables if instruction.name == "jmp" and operand.registers else []


def _follow_sets(steps: list[_Step]) -> None:
    """What set flags before each step, since the start or the last call, on every way there: anything, a compare."""
    arrives: list[int | None] = [None] * len(steps)
    if steps:
        arrives[0] = 0
    sets = [_sets(steps, at) for at in range(len(steps))]
    changed = True
    while changed:
        changed = False
        for at, step in enumerate(steps):
            there = arrives[at]
            if there is None:
                continue
            step.set, step.compared = bool(there & 1), bool(there & 2)
            own = sets[at]
            leaves = there if own is None else own
            for after in step.next:
                known = arrives[after]
                new = leaves if known is None else known & leaves
                if new != known:
                    arrives[after], changed = new, True


def _sets(steps: list[_Step], at: int) -> int | None:
    """What a step does to what was set: nothing (None), makes it unknown (0), sets it (1), as a compare (3)."""
    step = steps[at]
    if step.instruction is None or step.instruction.effect.calls:
        return 0
    if step.carries or not step.writes:
        return None
    return 3 if _only_compares(steps, at) else 1


def _before(step: _Step) -> int:
    """The flags that are wanted before a step."""
    reads = step.reads
    if step.instruction is not None and step.instruction.name in PASSES_Z_ON:
        reads = _BITS["X"] | (step.wanted & _BITS["Z"])
    if step.instruction is None or step.instruction.effect.calls:
        return reads & ~_EVERY
    return reads | (step.wanted if step.carries else step.wanted & ~step.writes)


def _follow_wants(steps: list[_Step]) -> None:
    """The flags that are wanted after each step."""
    before = [0] * (len(steps) + 1)
    changed = True
    while changed:
        changed = False
        for at in range(len(steps) - 1, -1, -1):
            step = steps[at]
            wanted = 0
            for after in step.next:
                wanted |= before[after]
            step.wanted = wanted
            new = _before(step)
            if new != before[at]:
                before[at], changed = new, True
