"""A small linker of Mach-O objects, for tests only: the formula of NeXT's own, written without a look at ours."""

from __future__ import annotations

import struct
from collections.abc import Callable

from portwright.formats.parts import macho_values as values
from portwright.formats.parts.macho_values import Macho, Plain, Section, Segment

PAGE, HEADERS = 8192, 0x400


def mend(data: bytearray, place: int, length: int, delta: int, *, relative: bool, at: str = "") -> None:
    """Add to a place, and say where it does not fit any more."""
    form = (">b", ">h", ">i")[length]
    number = struct.unpack_from(form, data, place)[0] + delta
    bits = (8, 16, 32)[length]
    if bits < 32:
        most = (1 << bits - 1) - 1 if relative else (1 << bits) - 1
        assert -(1 << bits - 1) <= number <= most, f"{at}: {number:#x} in {bits} bits"
    number &= (1 << bits) - 1
    data[place : place + bits // 8] = number.to_bytes(bits // 8, "big")


def relocate(
    section: Section,
    moved: Callable[[int], int],
    number_moved: Callable[[int], int],
    value: Callable[[int], int],
) -> bytes:
    """A section's bytes after the move. `moved(address)` says by how much what lies at an old address moves,
    `number_moved(n)` the same of section n, `value(n)` the new address of symbol n."""
    data = bytearray(section.data)
    entries = iter(section.relocations)
    for entry in entries:
        if isinstance(entry, Plain):
            assert entry.kind == 0
            delta = (
                value(entry.number) if entry.external else number_moved(entry.number) if entry.number else 0
            )
        else:
            delta = moved(entry.value)
            if entry.kind == 2:
                pair = next(entries)
                assert not isinstance(pair, Plain) and pair.kind == 1
                delta -= moved(pair.value)
        if entry.pc_relative:
            delta -= moved(section.address + entry.address)
        mend(data, entry.address, entry.length, delta, relative=entry.pc_relative, at=section.name)
    return bytes(data)


def link(objects: list[Macho], start: str = "_start") -> Macho:
    """The program of some objects, in their order; `start` is its first symbol."""
    new: dict[tuple[int, int], int] = {}
    at = PAGE + HEADERS
    bounds = {}
    for segment in ("__TEXT", "__DATA"):
        first = at
        for zero in (False, True):
            for which, one in enumerate(objects):
                for number, section in enumerate(one.sections, 1):
                    if section.segment == segment and section.zero_filled == zero:
                        at = -(-at // (1 << section.alignment)) * (1 << section.alignment) + 0x10
                        new[which, number] = at
                        at += section.size
        bounds[segment] = (first, at)
        at = -(-max(at, first + 1) // PAGE) * PAGE
    symbols: dict[str, int] = {}
    for which, one in enumerate(objects):
        for symbol in one.symbols:
            if symbol.place == values.N_SECT and symbol.external:
                old = one.sections[symbol.section - 1].address
                assert symbol.name not in symbols, f"{symbol.name} twice"
                symbols[symbol.name] = symbol.value - old + new[which, symbol.section]
            elif symbol.place == values.N_ABS:
                symbols[symbol.name] = symbol.value
    common = bounds["__DATA"][1]
    for one in objects:
        for symbol in one.symbols:
            if symbol.place == values.N_UNDF and symbol.value and symbol.name not in symbols:
                common = -(-common // 8) * 8
                symbols[symbol.name] = common
                common += symbol.value
    rows = [_moved(one, which, new, symbols) for which, one in enumerate(objects)]
    flat = sorted((row for some in rows for row in some), key=lambda row: row.address)
    end = -(-max(common, bounds["__DATA"][0] + 1) // PAGE) * PAGE
    text = tuple(row for row in flat if row.segment == "__TEXT")
    data = tuple(row for row in flat if row.segment == "__DATA")
    return Macho(
        values.EXECUTE,
        (
            Segment("__PAGEZERO", 0, PAGE, (), 0, 0, 4),
            Segment("__TEXT", PAGE, -(-bounds["__TEXT"][1] // PAGE) * PAGE - PAGE, text, 7, 5),
            Segment("__DATA", bounds["__DATA"][0], end - bounds["__DATA"][0], data, 7, 7),
        ),
        threads=(values.starts_at(symbols[start]),),
        flags=1,
    )


def _moved(one: Macho, which: int, new: dict[tuple[int, int], int], symbols: dict[str, int]) -> list[Section]:
    def number_moved(number: int) -> int:
        return new[which, number] - one.sections[number - 1].address

    def moved(address: int) -> int:
        for number, row in enumerate(one.sections, 1):
            if row.address <= address < row.end:
                return number_moved(number)
        raise AssertionError(f"{address:#x} is in no section")

    def value(number: int) -> int:
        return symbols[one.symbols[number].name]

    found = []
    for number, row in enumerate(one.sections, 1):
        data = b"" if row.zero_filled else relocate(row, moved, number_moved, value)
        home = Section(
            row.name, row.segment, new[which, number], row.size, data, row.alignment, row.flags & 0xFF
        )
        found.append(home)
    return found
