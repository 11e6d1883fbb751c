"""Changes laid over a source: what is written is kept beside it, readers see it, and the source itself stays as it is.

An overlay is the target that a format's editor writes to; `stretches` then says which bytes are no longer those of
the source.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass

from portwright.base.sources import Memory, Source, inside
from portwright.formats import Layout, Literally


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes from `start` to `end` that are those of a source from `place` on."""

    start: int
    end: int
    source: Source
    place: int

    def part(self, start: int, end: int) -> Stretch:
        """The part of it that lies between two addresses."""
        low, high = max(start, self.start), min(end, self.end)
        return Stretch(low, high, self.source, self.place + low - self.start)


class Patchwork:
    """Stretches of other sources over a ground; where there is no ground, zeros."""

    def __init__(self, size: int, name: str, ground: Source | None = None) -> None:
        self.size, self.name, self.ground = size, name, ground
        self._starts: list[int] = []
        self._stretches: list[Stretch] = []

    def put(self, new: Stretch) -> None:
        """Lay a stretch over what is there."""
        if new.start == new.end:
            return
        first = bisect.bisect_right(self._starts, new.start)
        if first and self._stretches[first - 1].end > new.start:
            first -= 1
        last = bisect.bisect_left(self._starts, new.end, first)
        left: list[Stretch] = []
        for old in self._stretches[first:last]:
            if old.start < new.start:
                left.append(old.part(old.start, new.start))
            if old.end > new.end:
                left.append(old.part(new.end, old.end))
        fresh = sorted([*left, new], key=lambda each: each.start)
        self._stretches[first:last] = fresh
        self._starts[first:last] = [each.start for each in fresh]

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """What was laid over the ground, by address."""
        return tuple(self._stretches)

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        return b"".join(self._parts(offset, offset + length))

    def _parts(self, start: int, end: int) -> Iterator[bytes]:
        at = max(bisect.bisect_right(self._starts, start) - 1, 0)
        while start < end:
            while at < len(self._stretches) and self._stretches[at].end <= start:
                at += 1
            if at < len(self._stretches) and self._stretches[at].start <= start:
                part = self._stretches[at].part(start, end)
                yield part.source.read(part.place, part.end - part.start)
                start = part.end
                continue
            stop = min(self._stretches[at].start, end) if at < len(self._stretches) else end
            yield self.ground.read(start, stop - start) if self.ground else bytes(stop - start)
            start = stop


class Overlay(Patchwork):
    """A target over a source: reads see what was written, and the source is left alone."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.size, source.name, source)
        self.source = source

    def write(self, offset: int, data: bytes) -> None:
        """See `Target`."""
        inside(self, offset, len(data))
        self.put(Stretch(offset, offset + len(data), Memory(bytes(data)), 0))

    def copy(self, offset: int, source: Source, start: int, length: int) -> None:
        """See `Target`."""
        inside(self, offset, length)
        inside(source, start, length)
        self.put(Stretch(offset, offset + length, source, start))


def laid(layout: Layout, name: str) -> Patchwork:
    """The image of a layout, to be read without writing it first."""
    made = Patchwork(layout.size, name)
    for piece in layout.pieces:
        if isinstance(piece, Literally):
            made.put(Stretch(piece.offset, piece.offset + len(piece.data), Memory(piece.data), 0))
        else:
            made.put(Stretch(piece.offset, piece.offset + piece.length, piece.source, piece.start))
    return made
