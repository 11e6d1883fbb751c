"""The headers of a RedoxFS: a ring of 256, of which each change writes the next; the highest generation counts."""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

from portwright.base.sources import Source
from portwright.formats.parts.redoxfs_hashes import seahash

SIGNATURE = b"RedoxFS\0"
VERSION = 8
BLOCK = 4096
RING = 256
SEARCHED = 65536
"""Blocks in which the driver and the bootloader look for a first header."""
_FIELDS = struct.Struct("<8sQ16sQQQQQQ")


@dataclass(frozen=True, slots=True)
class Header:
    """One header; `block` is its own in the source, `size` in bytes, pointers are (address, hash)."""

    block: int
    version: int
    uuid: uuid.UUID
    size: int
    generation: int
    tree: tuple[int, int]
    alloc: tuple[int, int]
    sound: bool
    encrypted: bool

    @property
    def usable(self) -> bool:
        """Whether the driver takes it."""
        return self.sound and self.version == VERSION

    @property
    def start(self) -> int:
        """The block at which the ring, and with it the file system, begins."""
        return self.block - self.generation % RING


def header(source: Source, block: int) -> Header | None:
    """The header in a block, whole or not; None where there is none."""
    place = block * BLOCK
    if block < 0 or place + BLOCK > source.size or source.read(place, 8) != SIGNATURE:
        return None
    data = source.read(place, BLOCK)
    _, version, identity, size, generation, *pointers = _FIELDS.unpack_from(data)
    (said,) = struct.unpack_from("<Q", data, 4088)
    return Header(
        block=block,
        version=version,
        uuid=uuid.UUID(bytes=identity),
        size=size,
        generation=generation,
        tree=(pointers[0], pointers[1]),
        alloc=(pointers[2], pointers[3]),
        sound=seahash(data[:4072]) == said,
        encrypted=data[4072:4088] != data[4088:] + bytes(8),
    )


def first(source: Source) -> tuple[Header | None, list[Header]]:
    """The header from which the driver finds the ring, and those that it passes over on the way there."""
    passed: list[Header] = []
    for block in range(min(source.size // BLOCK, SEARCHED)):
        found = header(source, block)
        if found is not None and found.usable and found.start >= 0:
            return found, passed
        if found is not None and len(passed) < RING:
            passed.append(found)
    return None, passed


def ring(source: Source, start: int) -> list[Header]:
    """Every header of a ring, whole or not, in the order of their places."""
    found = (header(source, start + index) for index in range(RING))
    return [item for item in found if item is not None]


def newest(headers: list[Header], found: Header) -> Header:
    """The header that the driver takes."""
    usable = [item for item in headers if item.usable and item.generation > found.generation]
    return max(usable, key=lambda item: item.generation, default=found)
