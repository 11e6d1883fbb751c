"""A source that is sliced like bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from portwright.base.sources import Memory, Slices

DATA = bytes(range(50))
PLACES = some.none() | some.integers(-60, 60)


@given(PLACES, PLACES)
def test_every_slice_is_that_of_the_bytes(start: int | None, stop: int | None) -> None:
    sliced = Slices(Memory(DATA))
    assert len(sliced) == len(DATA)
    assert sliced[start:stop] == DATA[start:stop]
