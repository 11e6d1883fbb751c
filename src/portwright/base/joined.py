"""Sources one after the other as one source, to which more can be added: an image, and what was unpacked of it.

A compressed part of an image has no place in it that could be read. Behind the image's end it gets one.
"""

from __future__ import annotations

import bisect

from portwright.base.sources import Source, inside


class Joined:
    """A source, and others behind its end; `size` grows when one is added."""

    def __init__(self, first: Source) -> None:
        self.name = first.name
        self.size = 0
        self._parts: list[Source] = []
        self._starts: list[int] = []
        self.add(first)

    def add(self, part: Source) -> int:
        """Put a source behind the end; answers the offset of its first byte."""
        start = self.size
        self._starts.append(start)
        self._parts.append(part)
        self.size = start + part.size
        return start

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        found = []
        index = bisect.bisect_right(self._starts, offset) - 1
        while length:
            part, skip = self._parts[index], offset - self._starts[index]
            size = min(length, part.size - skip)
            if size > 0:
                found.append(part.read(skip, size))
            offset, length, index = offset + size, length - size, index + 1
        return b"".join(found)
