"""Makes Redox initfs images of layout R3 for tests of faults, bad ones too; independent of the format's own code."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from elf_maker import RX, Load, make

NONE = 0xFFFF_FFFF_FFFF_FFFF
PAGE = 4096


def bootstrap() -> bytes:
    """A program that runs where the archive holds it."""
    return make(loads=[Load(0x3000, b"\xcc" * 4096, RX, offset=0x1000)], entry=0x3000)


def initfs(
    program: bytes | None = b"", files: Mapping[str, bytes] | None = None, *, entry: int | None = None
) -> bytes:
    """An image with a bootstrap (a good one where none is given) and files by their paths."""
    program = bootstrap() if program == b"" else program
    files = {"bin/init": make(), "etc/init.rc": b"run\n"} if files is None else files
    image = bytearray(PAGE)

    def put(data: bytes) -> int:
        at = len(image)
        image.extend(data + bytes(-len(data) % PAGE))
        return at

    if program is not None:
        put(program)
    folders: dict[str, dict[str, bytes | None]] = {"": {}}
    for path, data in sorted(files.items()):
        parent = ""
        *above, name = path.split("/")
        for part in above:
            folders[parent].setdefault(part, None)
            parent = f"{parent}/{part}".lstrip("/")
            folders.setdefault(parent, {})
        folders[parent][name] = data
    count = 1 + sum(len(names) for names in folders.values())
    table = put(bytes(20 * count))
    inodes: list[tuple[int, int, int]] = [(1 << 28 | 0o755, 0, 0)]

    def folder(path: str) -> tuple[int, int, int]:
        entries = b""
        names = folders[path]
        at = put(bytes(8 * len(names)))
        for name, data in names.items():
            inode = folder(f"{path}/{name}".lstrip("/")) if data is None else (0o755, len(data), put(data))
            inodes.append(inode)
            entries += struct.pack("<HHI", len(inodes) - 1, len(name), put(name.encode()))
        image[at : at + len(entries)] = entries
        return (1 << 28 | 0o755, len(entries), at)

    inodes[0] = folder("")
    for number, row in enumerate(inodes):
        struct.pack_into("<IIIII", image, table + 20 * number, *row, 0, 0)
    if entry is None:
        entry = NONE if program is None else int.from_bytes(program[24:32], "little")
    image[:44] = struct.pack("<8sIQIHQQH", b"RedoxFtw", table, 0, 0, count, entry, len(image), PAGE)
    return bytes(image)
