"""A ledger's values in few words, as tables and comparisons show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portwright.describe.ledger import Fixed, Packed, Part, Passed


def shown(value: Passed) -> str:
    """A passed argument in few words: `fd<<32|offset`, `length of path`, `=ARCH_SET_FS`."""
    if isinstance(value, Packed):
        return "|".join(
            f"{field.argument}<<{field.shift}" if field.shift else field.argument for field in value.pack
        )
    if isinstance(value, Part):
        return f"{value.as_} of {value.argument}"
    return f"={value.value}" if isinstance(value, Fixed) else value


def words(value: Any) -> str:
    """A value of a ledger's document on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {words(inner)}" for key, inner in value.items()) or "none"
    if isinstance(value, list | tuple):
        return " ".join(words(inner) for inner in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    # Addresses, sizes and bits are round in hexadecimal; times and counts are not.
    return f"{value:#x}" if isinstance(value, int) and value and value % 0x1000 == 0 else str(value)
