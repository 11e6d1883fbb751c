"""The fault entry-outside."""

from __future__ import annotations

import pytest

from elf_maker import RX, Load, R, make
from fault_case import found, one


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"entry": 0x999000}, "in no segment"),
        ({"entry": 0x204000}, "not executable"),
        ({"loads": [Load(0x201000, b"\xcc" * 64, R)]}, "not executable"),
        ({"entry": 0x201100, "loads": [Load(0x201000, b"\xcc" * 64, RX, memory_size=0x1000)]}, "zeros"),
    ],
)
def test_an_entry_that_is_no_code(fields: dict[str, object], words: str) -> None:
    row = one("entry-outside", make(**fields))
    assert row.severity == "error" and words in row.what and row.address


def test_good_ones() -> None:
    assert not found("entry-outside", make())
    assert not found("entry-outside", make(entry=0))  # that is entry-zero's
