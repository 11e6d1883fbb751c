"""Bytes laid side by side: what differs is found, all of it and nothing else."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.base.sources import Memory
from portwright.judge.bytewise import (
    aligned,
    common_end,
    common_start,
    counterpart,
    differing,
    same,
    whole,
    window,
)
from portwright.judge.data_pair import side_by_side, swapped
from portwright.judge.difference import Bounds


@settings(max_examples=150, deadline=None)
@given(
    some.binary(max_size=300),
    some.lists(some.tuples(some.integers(0, 299), some.integers(1, 255)), max_size=9),
)
def test_differing_bytes_are_those_that_were_changed(data: bytes, changes: list[tuple[int, int]]) -> None:
    other = bytearray(data)
    for place, by in changes:
        if place < len(data):
            other[place] ^= by
    a, b = whole(Memory(data)), whole(Memory(bytes(other)))
    found, complete = differing(a, b, 1000)
    assert complete and same(a, b) == (not found)
    inside = {at for start, end in found for at in range(start, end)}
    changed = {at for at in range(len(data)) if data[at] != other[at]}
    assert changed <= inside
    assert all(start in changed and end - 1 in changed for start, end in found)


@settings(max_examples=150, deadline=None)
@given(some.integers(0, 1 << 32), some.integers(0, 6))
def test_what_is_laid_side_by_side_can_be_put_together_again(seed: int, edits: int) -> None:
    """Between the regions all is the same, so the other side follows from this one and the regions."""
    chance = random.Random(seed)
    data = chance.randbytes(chance.randrange(1, 6000))
    other = data
    for _ in range(edits):
        place, length = chance.randrange(len(other) + 1), chance.randrange(60)
        other = other[:place] + chance.randbytes(chance.randrange(90)) + other[place + length :]
    regions, complete = aligned(whole(Memory(data)), whole(Memory(other)), 100)
    assert complete
    built, at = b"", 0
    for start, end, first, last in regions:
        built += data[at:start] + other[first:last]
        at = end
        into = first if end > start else last  # what stood where something was put in stands behind it
        assert counterpart(regions, start) == (into, into)
    assert built + data[at:] == other


@given(some.binary(max_size=80), some.binary(max_size=80), some.binary(max_size=80))
def test_common_ends(head: bytes, one: bytes, two: bytes) -> None:
    a, b = whole(Memory(head + one)), whole(Memory(head + two))
    start = common_start(a, b)
    assert start >= len(head) and (head + one)[:start] == (head + two)[:start]
    x, y = whole(Memory(one + head)), whole(Memory(two + head))
    assert common_end(x, y, min(x.size, y.size)) >= len(head)


def test_what_moved_into_the_room_of_padding_is_followed() -> None:
    """Of one size, and yet not to be laid one on the other as they are."""
    tail = random.Random(3).randbytes(4000)
    one, two = (
        b"short text" + bytes(16) + tail + bytes(32),
        b"a longer text here" + bytes(16) + tail + bytes(24),
    )
    assert len(one) == len(two)
    regions = side_by_side(whole(Memory(one)), whole(Memory(two)), Bounds())
    assert regions and sum(end - start for start, end, _, _ in regions) < 64


def test_stretches_that_stand_in_each_others_place() -> None:
    chance = random.Random(5)
    head, first, second, tail = (chance.randbytes(size) for size in (100, 40, 200, 100))
    a, b = whole(Memory(head + first + second + tail)), whole(Memory(head + second + first + tail))
    regions, complete = aligned(a, b, 100)
    assert complete and swapped(a, b, regions) == sorted(regions) and len(regions) == 2


def test_a_window_is_the_text_around_a_place() -> None:
    part = whole(Memory(b"\0\0/home/a/x.rs\0\x01\x02\x03"))
    assert window(part, 8, 9) == b"/home/a/x.rs"
    assert window(part, 15, 16) == b".rs\0\x01\x02\x03"
