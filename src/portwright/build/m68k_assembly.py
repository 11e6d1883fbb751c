"""Reads llc's assembly for m68k into lines, labels and instructions with known operands and effects, and writes it again.

What stands between the marks of inline assembly is somebody's own and stays as it is; elsewhere an instruction or an
operand that is not known stops the build and is named, with its line and its function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from portwright.base.errors import BadInput, Fault, Where
from portwright.build.m68k_instructions import ALL, EFFECTS, NONE, NZVC, SIZED, Effect

Mode = Literal[
    "data", "address", "immediate", "indirect", "increment", "decrement", "displaced", "indexed",
    "pc-displaced", "pc-indexed", "absolute", "list", "pair", "flags",
]  # fmt: skip
MOST_FAULTS = 20
HINT = "add it to build/m68k_instructions.py if llc means it so"
_REGISTER = r"%(?:[ad][0-7]|sp|fp)"
_SPECIAL = {"%ccr": "flags", "%sr": "flags"}
_FORMS: tuple[tuple[Mode, re.Pattern[str]], ...] = (
    ("data", re.compile(r"%d[0-7]")),
    ("address", re.compile(r"%(?:a[0-7]|sp|fp)")),
    ("flags", re.compile(r"%(?:ccr|sr)")),
    ("pair", re.compile(r"%d[0-7]:%d[0-7]")),
    ("immediate", re.compile(r"#.+")),
    ("decrement", re.compile(r"-\((%(?:a[0-7]|sp|fp))\)")),
    ("increment", re.compile(r"\((%(?:a[0-7]|sp|fp))\)\+")),
    ("indirect", re.compile(r"\((%(?:a[0-7]|sp|fp))\)")),
    ("pc-displaced", re.compile(r"\(([^(),]+),%pc\)")),
    ("pc-indexed", re.compile(rf"\(([^(),]+),%pc,({_REGISTER})(?:\.[wl])?(?:\*[1248])?\)")),
    ("displaced", re.compile(r"\(([^(),]+),(%(?:a[0-7]|sp|fp))\)")),
    ("indexed", re.compile(rf"\(([^(),]+),(%(?:a[0-7]|sp|fp)),({_REGISTER})(?:\.[wl])?(?:\*[1248])?\)")),
    ("list", re.compile(rf"{_REGISTER}(?:[-/]{_REGISTER})+")),
    ("absolute", re.compile(r"[^%#(),\s]+")),
)
_LABEL = re.compile(r"([A-Za-z_.$][\w.$@]*|\"[^\"]+\"):")
_APP, _NO_APP = ";APP", ";NO_APP"
_NUMBER = re.compile(r"(?<![\w.$])\$([0-9a-fA-F]+)(?=[,)\s]|$)")
_OWN_BEGINS, _OWN_ENDS = "; Start of file scope inline assembly", "; End of file scope inline assembly"


REGISTERS = (*(f"%d{number}" for number in range(8)), *(f"%a{number}" for number in range(7)), "%sp")
"""In the order in which `movem` takes them."""


def listed(text: str) -> tuple[str, ...]:
    """The registers of a list, `%d0-%d2/%a0`, in their order."""
    found: set[int] = set()
    for part in text.replace("%fp", "%a6").replace("%a7", "%sp").split("/"):
        low, _, high = part.partition("-")
        found.update(range(REGISTERS.index(low), REGISTERS.index(high or low) + 1))
    return tuple(REGISTERS[at] for at in sorted(found))


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand: `symbol` is what stands as immediate, displacement or address, `registers` those that it names."""

    text: str
    mode: Mode
    symbol: str = ""
    registers: tuple[str, ...] = ()

    @property
    def in_memory(self) -> bool:
        """Whether it lies in memory."""
        return self.mode not in ("data", "address", "immediate", "list", "pair", "flags")


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction: its name without the size, the size (`b`, `w`, `l` or nothing), the operands, what it does."""

    name: str
    size: str
    operands: tuple[Operand, ...]
    effect: Effect

    @property
    def writes(self) -> frozenset[str]:
        """The flags that it writes: none where the result goes to an address register."""
        last = self.operands[-1].mode if self.operands else ""
        if last == "flags":
            return ALL
        keeps = last == "address" and self.name in ("move", "add", "addq", "sub", "subq", "addi", "subi")
        return NONE if keeps else ALL if self.effect.calls else self.effect.writes

    @property
    def reads(self) -> frozenset[str]:
        """The flags that it reads. Where it copies all of them, X is none: no copy or extension destroys that."""
        return NZVC if any(each.mode == "flags" for each in self.operands[:1]) else self.effect.reads

    def __str__(self) -> str:
        name = f"{self.name}.{self.size}" if self.size else self.name
        return f"\t{name}\t{', '.join(each.text for each in self.operands)}".rstrip()


@dataclass(slots=True)
class Line:
    """A line: an instruction, a label, or something else that stays as it is. `inline`: somebody's own assembly."""

    number: int
    text: str
    instruction: Instruction | None = None
    label: str = ""
    inline: bool = False
    function: str = ""

    def put(self, instruction: Instruction) -> None:
        """Put another instruction in the place of this line's."""
        self.instruction, self.text = instruction, str(instruction)


@dataclass
class Unit:
    """A text of assembly, line by line; `machine` is llc's own code before a pass that an erratum names."""

    where: Where
    lines: list[Line] = field(default_factory=list)
    machine: str = ""

    def text(self) -> str:
        """The assembly."""
        return "\n".join(line.text for line in self.lines) + "\n"

    def instructions(self) -> Iterator[tuple[int, Line, Instruction]]:
        """(place, line, instruction) of every instruction that llc made."""
        for place, line in enumerate(self.lines):
            if line.instruction is not None:
                yield place, line, line.instruction

    def replace(self, changes: dict[int, list[Line]]) -> None:
        """Put lines in the places of others, all at once: places are those before."""
        if changes:
            self.lines = [new for at, line in enumerate(self.lines) for new in changes.get(at, [line])]

    def functions(self) -> Iterator[tuple[int, int]]:
        """(first, behind the last) line of every function, by its name's label and llc's label at its end."""
        start = None
        for place, line in enumerate(self.lines):
            if line.label and line.label == line.function:
                start = place
            elif line.label.startswith(".Lfunc_end") and start is not None:
                yield start, place
                start = None


def made(line: Line, text: str) -> Line:
    """A line with an instruction of ours, in the place of another."""
    return Line(line.number, f"\t{text}", _instruction(text), function=line.function)


def read(text: str, where: Where) -> Unit:
    """The lines of a text; raises `BadInput` with every instruction that is not known."""
    unit, faults = Unit(where), []
    inline = own = False
    function, functions = "", set(re.findall(r"^\t\.type\t([^,]+),@function", text, re.MULTILINE))
    for number, raw in enumerate(text.splitlines(), 1):
        body = raw.strip()
        own = (own or body.startswith(_OWN_BEGINS)) and not body.startswith(_OWN_ENDS)
        inline = (inline or body == _APP) and body != _NO_APP
        line = Line(
            number, "" if body.startswith(";") else raw if inline or own else _uncommented(raw).rstrip()
        )
        body = line.text.strip()
        label = _LABEL.match(line.text)
        if inline or own:
            line.inline = bool(body)
        elif label is not None:
            line.label = label[1]
            function = label[1] if label[1] in functions else function
        elif body and not body.startswith("."):
            if "$" in body:  # an address that is a number, which GNU as would take for a symbol
                line.text = _NUMBER.sub(r"0x\1", line.text)
                body = line.text.strip()
            try:
                line.instruction = _instruction(body)
            except ValueError as error:
                place = replace(where, line=number)
                faults.append(Fault(f"in {function}: {error}: `{body}`", place, HINT, "backend/instruction"))
        line.function = function
        unit.lines.append(line)
    if faults:
        raise BadInput(faults[:MOST_FAULTS])
    return unit


def _uncommented(raw: str) -> str:
    """A line without its comment; a semicolon within quotes begins none."""
    if ";" not in raw:
        return raw
    quoted = False
    for at, letter in enumerate(raw):
        if letter == '"' and (at == 0 or raw[at - 1] != "\\"):
            quoted = not quoted
        elif letter == ";" and not quoted:
            return raw[:at]
    return raw


@cache
def _instruction(body: str) -> Instruction:
    word, _, rest = body.partition("\t") if "\t" in body else body.partition(" ")
    name, _, size = word.partition(".")
    effect = EFFECTS.get(name)
    if effect is None:
        raise ValueError(f"the instruction {word} is not known")
    if size and size not in SIZED and not (size == "s" and name.startswith("b")):
        raise ValueError(f"the size {size} is not known")
    operands = tuple(operand(text) for text in _split(rest))
    if len(operands) != len(effect.operands) and not (
        name.startswith(("as", "ls", "ro")) and len(operands) == 1
    ):
        raise ValueError(f"{name} has {len(effect.operands)} operands")
    return Instruction(name, size, operands, effect)


def _split(text: str) -> list[str]:
    """Operands: what commas outside of parentheses part."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts


@cache
def operand(text: str) -> Operand:
    """The meaning of one operand; raises ValueError where there is none."""
    packed = re.sub(r"\s+", "", text)
    for mode, form in _FORMS:
        if form.fullmatch(packed):
            registers = tuple(re.findall(_REGISTER, packed))
            inner = packed.lstrip("#(").partition(",")[0].rstrip(")")
            symbol = inner if mode.startswith(("imm", "disp", "index", "pc", "abs")) else ""
            return Operand(packed, mode, symbol, registers)
    raise ValueError(f"the operand {text} is not known")
