"""Whether two functions are the same code at other addresses: instruction by instruction, addresses taken out.

An operand that is an address is not compared by its number but by what lies there: the same place of the same symbol,
or the same bytes. Operands are read off the disassembler's text, which costs a tenth of its own analysis. x86 and
AArch64 are known in full; of other CPUs only branches are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

ARCHITECTURES = {
    3: ("CS_ARCH_X86", "CS_MODE_32"),
    4: ("CS_ARCH_M68K", "CS_MODE_M68K_040"),
    8: ("CS_ARCH_MIPS", "CS_MODE_MIPS32"),
    20: ("CS_ARCH_PPC", "CS_MODE_32"),
    21: ("CS_ARCH_PPC", "CS_MODE_64"),
    22: ("CS_ARCH_SYSZ", ""),
    40: ("CS_ARCH_ARM", "CS_MODE_ARM"),
    62: ("CS_ARCH_X86", "CS_MODE_64"),
    183: ("CS_ARCH_ARM64", "CS_MODE_ARM"),
    243: ("CS_ARCH_RISCV", "CS_MODE_RISCV64"),
}
X86, AARCH64 = (3, 62), 183
RIP = re.compile(r"\[rip ([+-]) (0x[0-9a-f]+|\d+)\]")
NUMBER = re.compile(r"(?<![\w.])[#$]?(0x[0-9a-f]+|\d+)\b")
BASED = re.compile(r"\[(x\d+)(?:, #(0x[0-9a-f]+|\d+))?\]")
ADDED = re.compile(r"^(x\d+), (x\d+), #(0x[0-9a-f]+|\d+)$")
BRANCH = re.compile(r"^(?:\w+ )?(?:call|loop\w*|j\w+)$")
ARM_BRANCH = re.compile(r"^(?:b|bl|b\..+|cbn?z|tbn?z|adr)$")
Answer = Literal["same", "addresses", "other-data", "differs", "unknown"]
SameTarget = Callable[[int, int], bool | None]
"""Whether two addresses are the same thing; None where they are alike but the bytes there differ."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The answer: `at` is how far into the functions the first difference lies, `lines` the instructions there, and
    `targets` the two addresses whose contents differ ("other-data")."""

    answer: Answer
    at: int = 0
    lines: tuple[str, ...] = ()
    targets: tuple[int, int] | None = None


@cache
def engine(machine: int, endian: str, bits: int) -> Any:
    """A disassembler for a machine of ELF's numbering, or None where there is none."""
    import capstone

    names = ARCHITECTURES.get(machine)
    if names is None:
        return None
    mode = getattr(capstone, names[1]) if names[1] else 0
    if machine == 243:
        mode = (
            capstone.CS_MODE_RISCV64 if bits == 64 else capstone.CS_MODE_RISCV32
        ) | capstone.CS_MODE_RISCVC
    if machine == 8 and bits == 64:
        mode = capstone.CS_MODE_MIPS64
    if endian == "big" and machine not in (4, 22):
        mode |= capstone.CS_MODE_BIG_ENDIAN
    found = capstone.Cs(getattr(capstone, names[0]), mode)
    found.detail = False
    return found


Row = tuple[int, int, str, str]
"""An instruction of the disassembler: address, size, name, operands."""


def compare(
    machine: int,
    disassembler: Any,
    codes: tuple[bytes, bytes],
    at: tuple[int, int],
    same: SameTarget,
    *,
    absolute: bool = False,
) -> Compared:
    """Compare two functions by their bytes and addresses; `absolute`: numbers may be addresses too."""
    a, b = codes
    if a == b and at[0] == at[1]:
        return Compared("same")
    if disassembler is None:
        return Compared("unknown")
    left, right = disassembler.disasm_lite(a, at[0]), disassembler.disasm_lite(b, at[1])
    reader = _Reader(machine, absolute)
    place, moved, other = 0, False, None
    while True:
        x, y = next(left, None), next(right, None)
        if x is None or y is None:
            break
        if x[1] != y[1] or x[2] != y[2]:
            return _differs(disassembler, codes, at, place)
        unequal = a[place : place + x[1]] != b[place : place + x[1]]
        pairs = reader.addresses(x, y, unequal)
        if pairs is None or (unequal and not pairs):
            return _differs(disassembler, codes, at, place)
        for one, two in pairs:
            alike = _inner(one, two, at, (len(a), len(b)))
            alike = same(one, two) if alike is None else alike
            if alike is False:
                return _differs(disassembler, codes, at, place)
            if alike is None and other is None:
                other = Compared("other-data", place, _lines(disassembler, codes, at, place), (one, two))
        moved = moved or unequal
        place += x[1]
    if a[place:] != b[place:]:  # what cannot be disassembled: data between instructions
        return _differs(disassembler, codes, at, place)
    return other or Compared("addresses" if moved else "same")


class _Reader:
    """Takes addresses out of pairs of instructions; remembers which registers hold the page of one (AArch64)."""

    def __init__(self, machine: int, absolute: bool) -> None:
        self._machine, self._absolute = machine, absolute
        self._pages: dict[str, tuple[int, int]] = {}

    def addresses(self, x: Row, y: Row, unequal: bool) -> list[tuple[int, int]] | None:
        """The pairs of addresses in two instructions of one name; None where they differ in anything else."""
        if self._machine == AARCH64:
            return self._aarch64(x, y, unequal)
        if self._machine in X86:
            return self._x86(x, y, unequal)
        if x[3] == y[3]:
            return None if unequal else []
        return _branch(x, y) if x[2].startswith(("b", "j", "call")) else None

    def _x86(self, x: Row, y: Row, unequal: bool) -> list[tuple[int, int]] | None:
        if "rip" in x[3]:
            one, two = RIP.search(x[3]), RIP.search(y[3])
            if one is None or two is None or RIP.sub("", x[3]) != RIP.sub("", y[3]):
                return None
            return [(_of_rip(x, one), _of_rip(y, two))]
        if BRANCH.match(x[2]) and x[3][:1].isdigit() and y[3][:1].isdigit():
            return _branch(x, y)
        if not unequal:
            return []
        if not self._absolute:
            return None
        return _numbers(x, y)

    def _aarch64(self, x: Row, y: Row, unequal: bool) -> list[tuple[int, int]] | None:
        result = x[3].partition(",")[0]
        if x[2] == "adrp":
            pair = _numbers(x, y) or [(int(x[3].partition("#")[2], 0), int(y[3].partition("#")[2], 0))]
            if y[3].partition(",")[0] != result:
                return None
            self._pages[result] = pair[0]
            return [] if not unequal else [(0, 0)]
        page, based = None, BASED.search(x[3])
        if x[2] == "add" and (added := ADDED.match(x[3])) and added[2] in self._pages:
            other = ADDED.match(y[3])
            if other is None or added.group(1, 2) != other.group(1, 2):
                return None
            page, low = self._pages[added[2]], (int(added[3], 0), int(other[3], 0))
        elif based and based[1] in self._pages:
            other = BASED.search(y[3])
            if other is None or BASED.sub("", x[3]) != BASED.sub("", y[3]) or other[1] != based[1]:
                return None
            page, low = self._pages[based[1]], (int(based[2] or "0", 0), int(other[2] or "0", 0))
        if not x[2].startswith(("st", "b", "cb", "tb")):
            self._pages.pop(result, None)
        if page is not None:
            return [(page[0] + low[0], page[1] + low[1])]
        if ARM_BRANCH.match(x[2]):
            return _branch(x, y)
        return None if unequal else []


def _of_rip(row: Row, found: re.Match[str]) -> int:
    by = int(found[2], 0)
    return row[0] + row[1] + (by if found[1] == "+" else -by)


def _branch(x: Row, y: Row) -> list[tuple[int, int]] | None:
    """The targets of two branches: their last numbers, all else the same."""
    one, two = list(NUMBER.finditer(x[3])), list(NUMBER.finditer(y[3]))
    if not one or not two:
        return [] if x[3] == y[3] else None
    if x[3][: one[-1].start()] != y[3][: two[-1].start()] or x[3][one[-1].end() :] != y[3][two[-1].end() :]:
        return None
    return [(int(one[-1][1], 0), int(two[-1][1], 0))]


def _numbers(x: Row, y: Row) -> list[tuple[int, int]] | None:
    """The numbers in which two texts differ."""
    if NUMBER.sub("#", x[3]) != NUMBER.sub("#", y[3]):
        return None
    pairs = zip(NUMBER.findall(x[3]), NUMBER.findall(y[3]), strict=True)
    return [(int(one, 0), int(two, 0)) for one, two in pairs if one != two]


def _inner(one: int, two: int, at: tuple[int, int], sizes: tuple[int, int]) -> bool | None:
    """Whether a jump within both functions goes to the same place; None for those that leave one."""
    if (one, two) == (0, 0):
        return True
    inside = at[0] <= one < at[0] + sizes[0], at[1] <= two < at[1] + sizes[1]
    if inside == (True, True):
        return one - at[0] == two - at[1]
    return None if inside == (False, False) else False


def _differs(disassembler: Any, codes: tuple[bytes, bytes], at: tuple[int, int], place: int) -> Compared:
    return Compared("differs", place, _lines(disassembler, codes, at, place))


def _lines(disassembler: Any, codes: tuple[bytes, bytes], at: tuple[int, int], place: int) -> tuple[str, ...]:
    """The instructions at a place of both, four of each."""
    found: list[str] = []
    for side, code, base in (("A", codes[0], at[0]), ("B", codes[1], at[1])):
        rows = list(disassembler.disasm_lite(code[place : place + 64], base + place, 4))
        for address, size, name, operands in rows:
            raw = code[address - base : address - base + size].hex(" ")
            found.append(f"{side} {address:#x}: {raw:24} {name} {operands}".rstrip())
        if not rows:
            found.append(f"{side} {base + place:#x}: {code[place : place + 16].hex(' ') or 'ends here'}")
    return tuple(found)
