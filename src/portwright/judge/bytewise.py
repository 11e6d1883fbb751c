"""Where two sources differ: compared in large pieces, narrowed by halves, so that equal gigabytes cost a reading."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from portwright.base.sources import Source

CHUNK = 1 << 20
LEAF = 64
NEAR = 16
GRAM, VARIED = 16, 4
TEXT = re.compile(rb"[\x20-\x7e\t]{4,}")
PRINTABLE = frozenset(range(0x20, 0x7F))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a source."""

    source: Source
    offset: int
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """Bytes from `offset` on, fewer where the part ends; none before its start."""
        start, stop = max(offset, 0), min(offset + length, self.size)
        return self.source.read(self.offset + start, stop - start) if start < stop else b""

    def part(self, offset: int, length: int) -> Stretch:
        """A part of the part."""
        start = min(max(offset, 0), self.size)
        return Stretch(self.source, self.offset + start, max(0, min(length, self.size - start)))

    def pieces(self) -> Iterator[bytes]:
        """All of it, in pieces."""
        for at in range(0, self.size, CHUNK):
            yield self.read(at, CHUNK)


def whole(source: Source) -> Stretch:
    """All of a source."""
    return Stretch(source, 0, source.size)


def same(a: Stretch, b: Stretch) -> bool:
    """Whether two parts hold the same bytes."""
    return a.size == b.size and all(x == y for x, y in zip(a.pieces(), b.pieces(), strict=True))


def differing(a: Stretch, b: Stretch, most: int) -> tuple[list[tuple[int, int]], bool]:
    """The stretches (start, end) that differ of two parts, as far as both reach, and whether that is all of them.

    Those nearer than sixteen bytes are one.
    """
    found: list[tuple[int, int]] = []
    for at in range(0, min(a.size, b.size), CHUNK):
        x, y = a.read(at, CHUNK), b.read(at, CHUNK)
        length = min(len(x), len(y))
        x, y = x[:length], y[:length]
        if x == y:
            continue
        for start, end in _narrowed(x, y):
            if found and at + start - found[-1][1] < NEAR:
                found[-1] = (found[-1][0], at + end)
            elif len(found) == most:
                return found, False
            else:
                found.append((at + start, at + end))
    return found, True


def _narrowed(x: bytes, y: bytes) -> Iterator[tuple[int, int]]:
    """The differing stretches of two equally long pieces, in their order."""
    left, right = memoryview(x), memoryview(y)
    waiting = [(0, len(x))]
    while waiting:
        start, end = waiting.pop()
        if left[start:end] == right[start:end]:
            continue
        if end - start > LEAF:
            middle = (start + end) // 2
            waiting += [(middle, end), (start, middle)]
            continue
        places = [at for at in range(start, end) if x[at] != y[at]]
        yield places[0], places[-1] + 1


def common_start(a: Stretch, b: Stretch) -> int:
    """How many bytes are the same at the beginning."""
    limit, at = min(a.size, b.size), 0
    while at < limit:
        x, y = a.read(at, CHUNK), b.read(at, CHUNK)
        length = min(len(x), len(y))
        if x[:length] != y[:length]:
            return at + _same_length(x[:length], y[:length])
        at += length
    return limit


def common_end(a: Stretch, b: Stretch, most: int) -> int:
    """How many bytes are the same at the end, at most `most`."""
    done = 0
    while done < most:
        length = min(CHUNK, most - done)
        x, y = a.read(a.size - done - length, length), b.read(b.size - done - length, length)
        if x != y:
            return done + _same_length(x[::-1], y[::-1])
        done += length
    return most


def _same_length(x: bytes, y: bytes) -> int:
    """How long the common beginning is of two equally long pieces."""
    start, end = 0, len(x)
    while start < end:
        middle = (start + end + 1) // 2
        if x[:middle] == y[:middle]:
            start = middle
        else:
            end = middle - 1
    return start


Region = tuple[int, int, int, int]
"""What differs of two stretches laid side by side: start and end in one, start and end in the other."""


def aligned(a: Stretch, b: Stretch, most: int) -> tuple[list[Region], bool]:
    """What differs of two stretches in which things were put in or grew, and whether they could be laid side by side
    to their ends. Between the regions all is the same."""
    found: list[Region] = []
    i = j = 0
    while True:
        length = common_start(a.part(i, a.size - i), b.part(j, b.size - j))
        i, j = i + length, j + length
        if i == a.size or j == b.size:
            if (i, j) != (a.size, b.size):
                found.append((i, a.size, j, b.size))
            return found, True
        again = _meet(a, b, i, j) if len(found) < most else None
        if again is None:
            found.append((i, a.size, j, b.size))
            return found, False
        found.append((i, i + again[0], j, j + again[1]))
        i, j = i + again[0], j + again[1]


def _meet(a: Stretch, b: Stretch, i: int, j: int) -> tuple[int, int] | None:
    """How far on both are the same again, for sixteen bytes that are not all alike."""
    for reach in (256, 2048, 32768):
        x, y = a.read(i, reach), b.read(j, reach)
        places: dict[bytes, int] = {}
        for at in range(len(y) - GRAM + 1):
            places.setdefault(y[at : at + GRAM], at)
        for at in range(len(x) - GRAM + 1):
            gram = x[at : at + GRAM]
            other = places.get(gram)
            if other is not None and len(set(gram)) >= VARIED:
                while at and other and x[at - 1] == y[other - 1]:
                    at, other = at - 1, other - 1
                return at, other
        if i + reach >= a.size and j + reach >= b.size:
            return a.size - i, b.size - j
    return None


def counterpart(regions: list[Region], place: int) -> tuple[int, int] | None:
    """Where a place of one stretch lies in the other: (lowest, highest), one place outside what differs."""
    index = bisect.bisect_right(regions, (place, 1 << 62, 0, 0)) - 1
    if index < 0:
        return place, place
    start, end, other, last = regions[index]
    if place >= end:
        return (last + place - end,) * 2
    if place == start or end - start == last - other:
        return (other + place - start,) * 2
    return other, last


def window(part: Stretch, start: int, end: int, reach: int = 200) -> bytes:
    """What stands at a place: the text around it where it is in a text, else its bytes and a few more."""
    low = max(0, start - reach)
    data = part.read(low, end - low + reach)
    first, last = start - low, end - low
    inner = data[first : min(last, first + reach)]
    if inner and sum(byte in PRINTABLE for byte in inner) * 4 >= len(inner) * 3:
        while first > 0 and data[first - 1] in PRINTABLE:
            first -= 1
        while last < len(data) and data[last] in PRINTABLE:
            last += 1
        if last - first >= 6:
            return data[first:last]
    first, last = max(0, start - low - 4), min(len(data), end - low + 4)
    return data[first : min(last, first + reach)]


def texts(part: Stretch, most: int = 8 << 20, *, ends: bytes = b"") -> Counter[bytes]:
    """The readable runs of a part (or what lies between `ends`), counted; only its first `most` bytes."""
    data = part.read(0, most)
    if ends:
        return Counter(data.split(ends))
    return Counter(TEXT.findall(data))
