"""Makes small PE files for tests."""

from __future__ import annotations

import struct


def pe(
    *,
    machine: int = 0x8664,
    subsystem: int = 10,
    entry: int = 0x1000,
    flags: int = 0x6000_0020,
    wide: bool = True,
) -> bytes:
    """An EFI application of one section."""
    optional = bytearray(240 if wide else 224)
    struct.pack_into("<H", optional, 0, 0x20B if wide else 0x10B)
    struct.pack_into("<I", optional, 16, entry)
    struct.pack_into("<I", optional, 56, 0x2000)
    struct.pack_into("<H", optional, 68, subsystem)
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    header = b"PE\0\0" + struct.pack("<HHIIIHH", machine, 1, 0, 0, 0, len(optional), 0x22)
    section = struct.pack("<8sIIIIIIHHI", b".text", 0x100, 0x1000, 0x200, 0x400, 0, 0, 0, 0, flags)
    head = dos + header + bytes(optional) + section
    return head + bytes(0x400 - len(head)) + b"\xcc" * 0x200
