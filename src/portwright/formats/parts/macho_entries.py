"""The two forms of a relocation entry as bytes, and the numbers that lie in the places they name."""

from __future__ import annotations

from portwright.formats.parts.macho_values import ENTRY, Plain, Relocation, Scattered

SCATTERED = 1 << 31


def decode(entry: bytes) -> Relocation:
    """One entry of 8 bytes. The scattered form is known by the top bit of its first word."""
    first, second = ENTRY.unpack(entry)
    if first & SCATTERED:
        pc_relative = bool(first >> 30 & 1)
        return Scattered(first & 0xFF_FFFF, second, pc_relative, first >> 28 & 3, first >> 24 & 15)
    external = bool(second >> 4 & 1)
    return Plain(first, second >> 8, bool(second >> 7 & 1), second >> 5 & 3, external, second & 15)


def encode(entry: Relocation) -> bytes:
    """The 8 bytes of an entry, whose fields fit."""
    if isinstance(entry, Scattered):
        bits = SCATTERED | entry.pc_relative << 30 | entry.length << 28 | entry.kind << 24
        return ENTRY.pack(bits | entry.address, entry.value)
    bits = entry.number << 8 | entry.pc_relative << 7 | entry.length << 5 | entry.external << 4 | entry.kind
    return ENTRY.pack(entry.address, bits)


def number_at(data: bytes | bytearray, place: int, length: int) -> int:
    """The signed number of 1, 2 or 4 bytes (`length` 0, 1, 2) at a place."""
    return int.from_bytes(data[place : place + (1 << length)], "big", signed=True)


def fits(number: int, length: int, *, signed: bool) -> bool:
    """Whether a number can be written; 32 bits wrap around, shorter places do not.

    An absolute place may be read as signed or unsigned by the instruction that it is in, a displacement is signed.
    """
    bits = 8 << length
    if length == 2:
        return -(1 << 31) <= number < 1 << 32
    return -(1 << bits - 1) <= number < 1 << (bits - 1 if signed else bits)


def put(data: bytearray, place: int, length: int, number: int) -> None:
    """Write a number that fits."""
    size = 1 << length
    data[place : place + size] = (number & (1 << 8 * size) - 1).to_bytes(size, "big")
