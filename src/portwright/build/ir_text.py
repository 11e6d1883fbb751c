"""LLVM IR as text, as far as errata need it: functions with their lines, allocas, pointers made of pointers.

Only what `llvm-dis` writes is read; what is not recognised stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

NAME = r'%(?:[\w.$-]+|"[^"]*")'
"""The form of a value's name."""
_DEFINE = re.compile(r'^define .*?@([\w.$-]+|"[^"]*")\(')
_FLAGS = r"(?:inbounds |nuw |nusw |inrange\([^)]*\) )*"
_GEP = re.compile(rf"^  ({NAME}) = getelementptr {_FLAGS}.+?, ptr ({NAME}),? ?(.*)$")
_NUMBER = re.compile(rf"^  {NAME} = ptrto(?:int|addr) ptr ({NAME}) to ")
_INDEX = re.compile(rf"i\d+ ({NAME}|-?\d+)")
_KEEP = ("call void @llvm.lifetime.", "#dbg_", "call void @llvm.dbg.")
_LABEL = re.compile(r'^(?:[\w.$-]+|"[^"]*"):')


WORD = 32
_FLOATS = {"half": 16, "bfloat": 16, "float": 32, "double": 64, "fp128": 128}
_VECTOR = re.compile(r"<(\d+) x (\w+)>")


def width(kind: str) -> int:
    """The bits of a type of numbers."""
    vector = _VECTOR.fullmatch(kind)
    if vector is not None:
        return int(vector[1]) * width(vector[2])
    return _FLOATS[kind] if kind in _FLOATS else int(kind.removeprefix("i"))


def is_register(text: str) -> bool:
    """Whether it is a value that is not known before the program runs."""
    return text.startswith("%")


@dataclass
class Function:
    """A function: its line with `define`, and those of its body."""

    name: str
    head: str
    lines: list[str] = field(default_factory=list)
    made: int = 0

    def fresh(self) -> str:
        """A name that is not taken."""
        self.made += 1
        return f"%pw.{self.made}"

    def through_registers(self, kind: str, value: str) -> tuple[list[str], str]:
        """Lines after which a number has another name, having been in registers; none for what is below 32 bits."""
        bits = width(kind)
        if bits < WORD:
            return [], value
        whole = -(-bits // WORD) * WORD
        lines: list[str] = []

        def say(text: str) -> str:
            name = self.fresh()
            lines.append(f"  {name} = {text}")
            return name

        now = value if kind == f"i{bits}" else say(f"bitcast {kind} {value} to i{bits}")
        now = now if bits == whole else say(f"zext i{bits} {now} to i{whole}")
        parts = []
        for at in range(0, whole, WORD):
            part = say(f"lshr i{whole} {now}, {at}") if at else now
            part = say(f"trunc i{whole} {part} to i{WORD}") if whole > WORD else part
            part = say(f'call i{WORD} asm "", "=r,0"(i{WORD} {part})')
            part = say(f"zext i{WORD} {part} to i{whole}") if whole > WORD else part
            parts.append(say(f"shl i{whole} {part}, {at}") if at else part)
        now = parts[0]
        for part in parts[1:]:
            now = say(f"or i{whole} {now}, {part}")
        now = now if bits == whole else say(f"trunc i{whole} {now} to i{bits}")
        return lines, now if kind == f"i{bits}" else say(f"bitcast i{bits} {now} to {kind}")

    def in_registers(self, kind: str, value: str, name: str) -> list[str]:
        """Lines of which the last gives a number of 32 bits or more the name `name`, from `value`, through registers."""
        lines, last = self.through_registers(kind, value)
        return [*lines[:-1], lines[-1].replace(f"  {last} = ", f"  {name} = ", 1)]

    def by_value(self) -> list[str]:
        """The arguments that lie on the stack, by value."""
        return [re.findall(NAME, each)[-1] for each in _arguments(self.head) if " byval(" in each]

    def results(self, instruction: str) -> list[str]:
        """The names of the results of an instruction."""
        form = re.compile(rf"^  ({NAME}) = {instruction} ")
        return [found[1] for line in self.lines if (found := form.match(line))]

    def pointer_step(self, line: str) -> tuple[str, str, list[str]] | None:
        """(result, base, indexes) of a line that makes a pointer of a pointer, or a number of it (index `%`)."""
        found = _GEP.match(line)
        if found is not None:
            return found[1], found[2], _INDEX.findall(found[3])
        number = _NUMBER.match(line)
        return ("", number[1], ["%"]) if number is not None else None

    def hide(self, name: str) -> None:
        """Let all but debug information and lifetimes use the pointer through inline assembly that does nothing."""
        hidden = self.fresh()
        use = re.compile(rf"{re.escape(name)}(?![\w.$-])")
        begun = f"  {name} = "
        launder = f'  {hidden} = call ptr asm "", "=r,0"(ptr {name})'
        lines: list[str] = []
        placed = not any(line.startswith(begun) for line in self.lines)
        if placed:  # an argument: behind the label of the first block, if it has one
            at = next(at for at, line in enumerate(self.lines) if line.strip())
            at += _LABEL.match(self.lines[at]) is not None
            self.lines[at:at] = [launder]
        for line in self.lines:
            own = line.startswith(begun) or line == launder or any(word in line for word in _KEEP)
            lines.append(line if own else use.sub(hidden, line))
            if line.startswith(begun):
                lines.append(launder)
        self.lines[:] = lines


@dataclass
class Module:
    """A module: its functions, and the lines between them."""

    name: str
    parts: list[Function | str] = field(default_factory=list)
    needed: dict[str, str] = field(default_factory=dict)

    def functions(self) -> Iterator[Function]:
        """The functions."""
        return (part for part in self.parts if isinstance(part, Function))

    def need(self, declaration: str, name: str) -> None:
        """See to it that a function is declared."""
        self.needed.setdefault(name, declaration)

    def text(self) -> str:
        """The module as `llvm-as` reads it."""
        known = {part.name for part in self.functions()}
        declared = {found[1] for part in self.parts if isinstance(part, str) for found in _declared(part)}
        lines: list[str] = []
        for part in self.parts:
            lines += [part] if isinstance(part, str) else [part.head, *part.lines, "}"]
        lines += [text for name, text in self.needed.items() if name not in known | declared]
        return "\n".join(lines) + "\n"


def _arguments(head: str) -> list[str]:
    """The arguments of a function, each with its attributes, which may have commas of their own."""
    found = _DEFINE.match(head)
    assert found is not None
    arguments, depth, quoted = [""], 0, False
    for letter in head[found.end() :]:
        quoted ^= letter == '"'
        if not quoted:
            depth += (letter in "([{<") - (letter in ")]}>")
            if depth < 0:
                break
            if letter == "," and not depth:
                arguments.append("")
                continue
        arguments[-1] += letter
    return arguments


def _declared(line: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"^declare .*?@([\w.$-]+)\(", line)


def read(text: str, name: str) -> Module:
    """The parts of what `llvm-dis` wrote."""
    module = Module(name)
    current: Function | None = None
    for line in text.splitlines():
        found = _DEFINE.match(line) if current is None else None
        if found is not None:
            current = Function(found[1], line)
        elif current is None:
            module.parts.append(line)
        elif line == "}":
            module.parts.append(current)
            current = None
        else:
            current.lines.append(line)
    return module
