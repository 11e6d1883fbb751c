"""Headers of Mach-O files: NeXT's, both byte orders, fat files, and rubbish."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import macho

NEXT = struct.pack(">7I", 0xFEEDFACE, 6, 1, 2, 5, 100, 1) + bytes(100)


def test_a_program_of_nextstep() -> None:
    assert macho.identify(Memory(NEXT)) == "32-bit big-endian Mach-O, executable, m68k"
    found = macho.read(Memory(NEXT))
    assert (found.cpu, found.subtype, found.kind, found.commands, found.flags) == (6, 1, 2, 5, 1)


def test_others() -> None:
    data = struct.pack("<8I", 0xFEEDFACF, 0x0100_000C, 0, 6, 0, 0, 0, 0)
    assert macho.identify(Memory(data)) == "64-bit little-endian Mach-O, shared library, AArch64"
    fat = (
        struct.pack(">2I", 0xCAFEBABE, 2)
        + struct.pack(">5I", 6, 1, 0, 0, 0)
        + struct.pack(">5I", 7, 3, 0, 0, 0)
    )
    assert macho.identify(Memory(fat)) == "fat Mach-O, m68k, x86"
    java = struct.pack(">2I", 0xCAFEBABE, 0x41) + bytes(60)
    assert macho.identify(Memory(java)) is None
    with pytest.raises(BadInput, match="not a Mach-O"):
        macho.read(Memory(b"\x7fELF"))


@settings(max_examples=60, deadline=None)
@given(some.sampled_from([b"", *macho.ORDERS, macho.FAT]), some.binary(max_size=80))
def test_rubbish(magic: bytes, rest: bytes) -> None:
    macho.identify(Memory(magic + rest))
