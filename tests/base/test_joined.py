"""Sources one after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portwright.base.errors import BadInput
from portwright.base.joined import Joined
from portwright.base.sources import Memory


@given(
    some.lists(some.binary(max_size=6), min_size=1, max_size=6), some.integers(0, 40), some.integers(0, 40)
)
def test_reading_over_the_seams(parts: list[bytes], offset: int, length: int) -> None:
    joined, whole = Joined(Memory(parts[0], "image")), b"".join(parts)
    starts = [joined.add(Memory(part)) for part in parts[1:]]
    assert starts == [len(b"".join(parts[:index])) for index in range(1, len(parts))]
    assert (joined.size, joined.name) == (len(whole), "image")
    if offset + length > len(whole):
        with pytest.raises(BadInput, match="image"):
            joined.read(offset, length)
    else:
        assert joined.read(offset, length) == whole[offset : offset + length]
