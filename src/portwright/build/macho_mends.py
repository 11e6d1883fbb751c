"""One relocation of ELF as Mach-O has it: the number that is written into the place, and the entries that name it.

The number is what the program would read if the object were loaded at its own addresses, less what is unknown yet
(the value of an undefined symbol). The linker adds by how much target and place are moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from portwright.build.elf_m68k import ABSOLUTE, RELATIVE, Mend
from portwright.formats.parts.macho_entries import fits, put
from portwright.formats.parts.macho_values import FARTHEST, PAIR, SECTDIFF, Plain, Relocation, Scattered

PLT32 = 13
ABSOLUTE_CALLS = (b"\x4e\xb9", b"\x4e\xf9")
"""`jsr` and `jmp` to a 32-bit absolute address."""
BITS = {0: "8", 1: "16", 2: "32"}


@dataclass(frozen=True, slots=True)
class Target:
    """What is referred to: an address in this object and the number of its section, an undefined symbol's number, or
    an absolute value."""

    address: int
    section: int = 0
    symbol: int | None = None
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a relocation has no counterpart."""

    what: str
    code: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the sections lie, (address, end) in the order of their numbers."""

    sections: list[tuple[int, int]]

    def inside(self, number: int, address: int) -> bool:
        """Whether an address is in a section, and so tells which one it is in."""
        first, end = self.sections[number - 1]
        return first <= address < end


class Home(Protocol):
    """The section that the place lies in."""

    segment: str
    name: str
    data: bytearray
    address: int
    size: int
    number: int


def mended(
    ground: Ground, home: Home, place: int, mend: Mend, target: Target
) -> tuple[Relocation, ...] | Refusal:
    """Write the number into the section's bytes; the entries, none where nothing is left to a linker."""
    relative = mend.kind in RELATIVE
    length = RELATIVE.get(mend.kind, ABSOLUTE.get(mend.kind))
    if length is None:
        hint = 'compile it static (`relocation-model = "static"`, no -fpic) and without thread-locals'
        return Refusal(f"type {mend.kind} has no counterpart in Mach-O", "relocation-type", hint)
    if place < 0 or place + (1 << length) > len(home.data):
        return Refusal(f"it lies outside its section of {len(home.data):#x} bytes", "outside")
    if mend.kind == PLT32 and bytes(home.data[place - 2 : place]) in ABSOLUTE_CALLS:
        hint = "LLVM writes this for functions that are not dso_local: make them so, or link with mended assembly"
        return Refusal("a call by absolute address whose relocation gives a distance", "wrong-call", hint)
    entries = _entries(ground, home, place, mend.addend, target, length, relative=relative)
    if isinstance(entries, Refusal):
        return entries
    number = target.address + mend.addend - (home.address + place if relative else 0)
    if length == 2:
        number = (number + (1 << 31)) % (1 << 32) - (1 << 31)
    if not fits(number, length, signed=relative):
        hint = "let the compiler use long branches and absolute addresses, or make the section smaller"
        return Refusal(f"{number:#x} does not fit into {BITS[length]} bits", "does-not-fit", hint)
    put(home.data, place, length, number)
    return entries


def _entries(
    ground: Ground, home: Home, place: int, addend: int, target: Target, length: int, *, relative: bool
) -> tuple[Relocation, ...] | Refusal:
    if target.absolute:
        if not relative:
            return ()
        return Refusal("a displacement to an absolute address: it changes with the place", "relocation-type")
    if relative and target.section == home.number:
        return ()  # both are moved together
    if relative and length == 0:
        hint = "use a branch with a word or a long behind it"
        return Refusal("an 8-bit displacement out of its section", "does-not-fit", hint)
    if target.symbol is not None:
        return (Plain(place, target.symbol, relative, length, True),)
    sure = ground.inside(target.section, target.address)
    if relative and home.name != "__text" and sure:
        if place > FARTHEST:
            return _far(place)
        origin = home.address + place
        first = Scattered(place, target.address, False, length, SECTDIFF)
        return (first, Scattered(0, origin, False, length, PAIR))
    if not ground.inside(target.section, target.address + addend) and sure:
        # The number in the place lies in another section, which a linker might take for the one that is meant.
        if place > FARTHEST:
            return _far(place)
        return (Scattered(place, target.address, relative, length),)
    return (Plain(place, target.section, relative, length, False),)


def _far(place: int) -> Refusal:
    hint = "split the section: below 16 MiB each"
    return Refusal(
        f"{place:#x} is further in its section than a scattered entry reaches (24 bits)", "far", hint
    )
