"""Sources: bytes that are read by place, wherever they lie: in memory, in a file, in a part of another source.

What reads an image takes a source, so that nothing has to fit into memory and an image within an image is no case
of its own. Reading past the end is an error that names the source and the address, never a short answer.
"""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from portwright.base.errors import Where, fail

AT_ONCE = 1 << 20
"""Bytes that those who read much should ask for at a time."""


class Source(Protocol):
    """Random access to `size` bytes; `name` is what an error calls them."""

    @property
    def name(self) -> str:
        """What an error calls these bytes."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; raises `BadInput` where they are not all there."""


def inside(source: Source, offset: int, length: int) -> None:
    """Raise `BadInput` unless `length` bytes from `offset` lie in the source."""
    if offset < 0 or length < 0 or offset + length > source.size:
        what = f"{length} bytes are wanted here, and the file has {source.size} in all"
        hint = "the file was cut off, or what says where to look is damaged"
        raise fail(what, Where(source.name, address=max(offset, 0)), hint, "source/cut-off")


class Memory:
    """Bytes in memory."""

    def __init__(self, data: bytes | bytearray | memoryview, name: str = "bytes") -> None:
        self.name, self.data, self.size = name, data, len(data)

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        return bytes(self.data[offset : offset + length])


class File:
    """A file of the host, opened when it is first read; its size is the one it had when this was made."""

    __slots__ = ("_descriptor", "name", "path", "size")

    def __init__(self, path: Path | str, size: int | None = None) -> None:
        self.path, self.name = str(path), str(path)
        self.size = os.stat(path).st_size if size is None else size  # noqa: PTH116 - made by the ten thousand
        self._descriptor = -1

    @property
    def descriptor(self) -> int:
        """The open file's number."""
        if self._descriptor < 0:
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        return self._descriptor

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        found = os.pread(self.descriptor, length, offset)
        while len(found) < length:
            more = os.pread(self.descriptor, length - len(found), offset + len(found))
            if not more:
                what = f"the file ends at {offset + len(found)}, and had {self.size} bytes a moment ago"
                raise fail(what, Where(self.name), "something else is writing it", "source/changed")
            found += more
        return found

    def close(self) -> None:
        """Give the descriptor back; the next reading opens the file anew."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


class Window:
    """A part of another source, with addresses of its own."""

    def __init__(self, source: Source, offset: int, size: int, name: str = "") -> None:
        inside(source, offset, size)
        self.source, self.offset, self.size = source, offset, size
        self.name = name or source.name

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        return self.source.read(self.offset + offset, length)


class Scattered:
    """Stretches of another source one after the other: (offset or None for zeros, length) each."""

    def __init__(self, source: Source, stretches: Iterable[tuple[int | None, int]], name: str = "") -> None:
        self.source, self.name = source, name or source.name
        self.stretches = [stretch for stretch in stretches if stretch[1]]
        self.starts: list[int] = []
        self.size = 0
        for _, length in self.stretches:
            self.starts.append(self.size)
            self.size += length

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        found = []
        index = bisect.bisect_right(self.starts, offset) - 1
        while length:
            place, size = self.stretches[index]
            skip = offset - self.starts[index]
            part = min(length, size - skip)
            found.append(bytes(part) if place is None else self.source.read(place + skip, part))
            offset, length, index = offset + part, length - part, index + 1
        return b"".join(found)


class Slices:
    """A source as what can be sliced like bytes, for readers of formats that are not to hold a whole file."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def __len__(self) -> int:
        return self.source.size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, step = part.indices(self.source.size)
        assert step == 1, "bytes in their order"
        return self.source.read(start, max(stop - start, 0))
