"""Makes the debug sections of units that say only who made them."""

from __future__ import annotations

import struct
from collections.abc import Sequence


def debug(makers: Sequence[str | None], version: int = 4, form: int = 0x0E) -> dict[str, bytes]:
    """The sections by name; `form` is how the maker's name is stored (0x0E: in .debug_str, 0x08: on the spot)."""
    info, strings = b"", b""
    abbreviations = b"\x01\x11\x00\x13\x05\x25" + bytes([form]) + b"\x00\x00\x02\x11\x00\x13\x05\x00\x00\x00"
    for maker in makers:
        entry = b"\x02\x1c\x00"
        if maker is not None:
            stored = struct.pack("<I", len(strings)) if form == 0x0E else maker.encode() + b"\0"
            strings += maker.encode() + b"\0"
            entry = b"\x01\x1c\x00" + stored
        head = struct.pack("<HBBI", version, 1, 8, 0) if version >= 5 else struct.pack("<HIB", version, 0, 8)
        info += struct.pack("<I", len(head) + len(entry)) + head + entry
    return {".debug_info": info, ".debug_abbrev": abbreviations, ".debug_str": strings}
