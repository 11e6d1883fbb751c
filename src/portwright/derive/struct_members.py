"""The members of a ledger's struct in the order of their offsets, padding spelled out, for whatever language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portwright.describe.ledger import Struct, StructField


def members(layout: Struct) -> Iterator[tuple[str | None, StructField]]:
    """Each field by its name, and None for the bytes between two fields and at the end."""
    end = 0
    for name, place in sorted(layout.fields.items(), key=lambda row: row[1].offset):
        if place.offset > end:
            yield None, StructField(offset=end, size=place.offset - end)
        yield name, place
        end = place.offset + place.size
    if layout.size > end:
        yield None, StructField(offset=end, size=layout.size - end)


def packed(layout: Struct, integers: Sequence[int]) -> bool:
    """Whether a compiler with integers of these sizes (bytes) must be told not to align: a field lies off its
    natural border, or the size is no multiple of the widest."""
    widest = 1
    for place in layout.fields.values():
        natural = place.size if place.size in integers else 1
        if place.offset % natural:
            return True
        widest = max(widest, natural)
    return layout.size % widest != 0
