"""Overlays: what was written is read, and the source stays as it is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.base.sources import Memory
from portwright.formats import Copied, Layout, Literally
from portwright.pack.overlay import Overlay, laid

SIZE = 60
WRITES = st.lists(st.tuples(st.integers(0, SIZE), st.binary(max_size=25), st.booleans()), max_size=25)


@settings(max_examples=150, deadline=None)
@given(WRITES, st.integers(0, SIZE), st.integers(0, SIZE))
def test_an_overlay_reads_as_bytes_that_were_written(
    writes: list[tuple[int, bytes, bool]], start: int, length: int
) -> None:
    ground = bytes(range(SIZE))
    model, overlay = bytearray(ground), Overlay(Memory(ground))
    for offset, data, copied in writes:
        data = data[: SIZE - offset]
        model[offset : offset + len(data)] = data
        if copied:
            overlay.copy(offset, Memory(b"??" + data), 2, len(data))
        else:
            overlay.write(offset, data)
    length = min(length, SIZE - start)
    assert overlay.read(start, length) == model[start : start + length]
    assert overlay.read(0, SIZE) == bytes(model)
    ends = [each.end for each in overlay.stretches]
    assert all(each.start >= end for each, end in zip(overlay.stretches[1:], ends, strict=False))
    changed = {at for each in overlay.stretches for at in range(each.start, each.end)}
    assert changed >= {at for at in range(SIZE) if model[at] != ground[at]}


def test_a_layout_is_read_without_writing_it() -> None:
    layout = Layout(20, [Literally(2, b"ab"), Copied(10, Memory(b"0123456789"), 3, 4)])
    assert laid(layout, "x").read(0, 20) == b"\0\0ab" + bytes(6) + b"3456" + bytes(6)
