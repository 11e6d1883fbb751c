"""Structs that cross the system-call boundary: values by field name <-> bytes, as the ledger lays them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from portwright.describe.ledger import Struct


class Layout:
    """One struct's layout, made ready: packing costs one pass over its fields."""

    def __init__(self, described: Struct, endian: Literal["little", "big"]) -> None:
        self.size = described.size
        self.endian: Literal["little", "big"] = endian
        self._fields = [
            (name, field.offset, field.size, field.signed, field.unit)
            for name, field in described.fields.items()
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields' names in the ledger's order."""
        return tuple(name for name, *_ in self._fields)

    def pack(self, values: Mapping[str, int]) -> bytes:
        """The struct's bytes: fields without a value and padding are zero; too large values lose high bits."""
        image = bytearray(self.size)
        for name, offset, size, _, unit in self._fields:
            value = values.get(name, 0) // unit
            if value:
                image[offset : offset + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, self.endian)
        return bytes(image)

    def unpack(self, data: bytes) -> dict[str, int]:
        """The values of the struct's fields in `data`."""
        return {
            name: int.from_bytes(data[offset : offset + size], self.endian, signed=signed) * unit
            for name, offset, size, signed, unit in self._fields
        }
