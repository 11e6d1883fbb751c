"""What differs in two stretches of data: each place with the text around it, or the texts that only one side has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portwright.judge.bytewise import (
    Region,
    Stretch,
    aligned,
    common_end,
    common_start,
    differing,
    texts,
    window,
)
from portwright.judge.difference import Bounds, Difference, Part

MOST_TEXT = 32 << 20
MOST_PAIRS = 400
SHORTEST = 5
SHORT = 64
LEAST, MOST_SWAPPED = 8, 1 << 16
Leftover = tuple[Region, bytes, bytes]
"""A region that addresses do not explain, with what stands on either side where more is known than the bytes."""
Sift = Callable[[Region], list[Leftover]]
"""What of a region is left once the addresses of what moved are taken out."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the stretches are: the file, the section and its part, where it begins in the file, and who lies in it."""

    path: str
    part: Part
    section: str = ""
    offset: int = 0
    owner: Callable[[int], str] | None = None


def differences(
    place: Place,
    a: Stretch,
    b: Stretch,
    bounds: Bounds,
    sift: Sift | None = None,
    *,
    flat: bool = False,
) -> Iterator[Difference]:
    """Everything that differs in two stretches that are not the same."""
    regions = side_by_side(a, b, bounds, flat=flat)
    if regions is None:
        yield from by_texts(place, a, b, bounds)
        return
    moved = 0
    exchanged = swapped(a, b, regions)
    if exchanged:
        what = f"{len(exchanged) // 2:,} stretches are the same and stand in another place"
        first, last = exchanged[0][:2]
        shown = a.read(first, min(last - first, 100))
        at = place.offset + first
        yield Difference(place.path, "order", what, place.part, place.section, "", at, shown, shown)
    for region in regions:
        if region in exchanged:
            continue
        left_over = sift(region) if sift else [(region, b"", b"")]
        moved += not left_over
        for rest, left, right in left_over:
            yield _region(place, a, b, rest, left, right)
    if moved:
        what = f"{moved:,} stretches of addresses of what moved"
        yield Difference(place.path, "bytes", what, place.part, place.section, same="addresses", count=moved)


def swapped(a: Stretch, b: Stretch, regions: list[Region]) -> list[Region]:
    """The regions in which only one side has something that the other has elsewhere, whole: each with its other one.

    Where a stretch moved past another, its end can look like its beginning; so it may be turned.
    """
    ours = [row for row in regions if row[2] == row[3] and LEAST <= row[1] - row[0] <= MOST_SWAPPED]
    theirs = [row for row in regions if row[0] == row[1] and LEAST <= row[3] - row[2] <= MOST_SWAPPED]
    found: list[Region] = []
    for one in ours[:MOST_PAIRS]:
        data = a.read(one[0], one[1] - one[0])
        for two in theirs[:MOST_PAIRS]:
            if two[3] - two[2] == len(data) and two not in found and b.read(two[2], len(data)) in data + data:
                found += [one, two]
                break
    return sorted(found)


def _region(place: Place, a: Stretch, b: Stretch, region: Region, left: bytes, right: bytes) -> Difference:
    start, end, other, last = region
    amount = max(end - start, last - other)
    size = "1 byte differs" if amount == 1 else f"{amount:,} bytes differ"
    if end - start != last - other:
        size = f"{end - start:,} bytes in A, {last - other:,} in B"
    owner = place.owner(start) if place.owner else ""
    left, right = left or window(a, start, end), right or window(b, other, last)
    return Difference(
        place.path, "bytes", size, place.part, place.section, owner, place.offset + start, left, right
    )


def side_by_side(a: Stretch, b: Stretch, bounds: Bounds, *, flat: bool = False) -> list[Region] | None:
    """The regions that differ, or None where they are too many or cannot be laid side by side.

    `flat`: of one size they are laid one on the other as they are (tables of addresses).
    """
    level: list[Region] | None = None
    if a.size == b.size:
        places, whole = differing(a, b, bounds.places)
        if whole:
            level = [(start, end, start, end) for start, end in places]
            if flat or all(end - start <= SHORT for start, end in places):
                return level
    regions, whole = aligned(a, b, bounds.places)
    if level is None:
        return regions if whole else None
    amount = sum(end - start for start, end, _, _ in level)
    better = whole and sum(max(row[1] - row[0], row[3] - row[2]) for row in regions) < amount
    return regions if better else level


def by_texts(
    place: Place, a: Stretch, b: Stretch, bounds: Bounds, *, ends: bytes = b""
) -> Iterator[Difference]:
    """Stretches that cannot be laid one over the other: the texts of each that the other has not."""
    start = common_start(a, b)
    low = max(0, start - 256)
    end = common_end(a, b, min(a.size, b.size) - start)
    x, y = a.part(low, a.size - low - max(0, end - 256)), b.part(low, b.size - low - max(0, end - 256))
    if max(x.size, y.size) > MOST_TEXT:
        bounds.reached(
            f"of a section only the first {MOST_TEXT >> 20} MB that differ were searched for texts"
        )
    ours, theirs = texts(x, MOST_TEXT, ends=ends), texts(y, MOST_TEXT, ends=ends)
    if ours == theirs and a.size == b.size and a.size < MOST_TEXT and ends:
        yield Difference(place.path, "order", "the same texts in another order", place.part, place.section)
        return
    pairs = paired(ours - theirs, theirs - ours)
    for left, right in pairs[:MOST_PAIRS]:
        what = "another text" if left and right else f"a text that only {'A' if left else 'B'} has"
        yield Difference(
            place.path, "bytes", what, place.part, place.section, "", place.offset + start, left, right
        )
    if len(pairs) > MOST_PAIRS:
        bounds.reached(f"only {MOST_PAIRS} differing texts of a section were looked at")
    if not pairs or not _replaced(x, y, pairs):
        sizes = f": {a.size:,} and {b.size:,} bytes" if a.size != b.size else ""
        at = place.offset + start
        if pairs:
            what = f"the rest of it, which was compared by its texts only{sizes}"
            yield Difference(place.path, "bytes", what, place.part, place.section, offset=at, same="follows")
        else:
            shown = a.read(start, 24), b.read(start, 24)
            yield Difference(
                place.path, "bytes", f"other bytes{sizes}", place.part, place.section, "", at, *shown
            )


def _replaced(x: Stretch, y: Stretch, pairs: list[tuple[bytes, bytes]]) -> bool:
    """Whether one becomes the other by putting the texts in each other's place."""
    if max(x.size, y.size) > MOST_TEXT or len(pairs) > 50:
        return False
    data = x.read(0, x.size)
    for left, right in pairs:
        if left:
            data = data.replace(left, right)
    return data == y.read(0, y.size)


def paired(ours: Counter[bytes], theirs: Counter[bytes]) -> list[tuple[bytes, bytes]]:
    """Texts of both sides that are alike, then those that are like none of the other's."""
    left = [text for text in ours if len(text) >= SHORTEST]
    right = [text for text in theirs if len(text) >= SHORTEST]
    found: list[tuple[bytes, bytes]] = []
    if len(left) == len(right) == 1:
        return [(left[0], right[0])]
    if len(left) * len(right) <= 250_000:
        free = dict.fromkeys(right)
        lone: list[bytes] = []
        for text in left:
            best = max(free, key=lambda other: _alike(text, other), default=None)
            if best is not None and _alike(text, best) * 2 >= min(len(text), len(best)):
                found.append((text, best))
                del free[best]
            else:
                lone.append(text)
        left, right = lone, list(free)
    return found + [(text, b"") for text in left] + [(b"", text) for text in right]


def _alike(one: bytes, two: bytes) -> int:
    """How many bytes two texts have in common at their beginnings and ends."""
    limit = min(len(one), len(two))
    start = next((at for at in range(limit) if one[at] != two[at]), limit)
    end = next((at for at in range(limit - start) if one[-1 - at] != two[-1 - at]), limit - start)
    return start + end
