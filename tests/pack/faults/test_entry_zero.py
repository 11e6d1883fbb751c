"""The fault entry-zero."""

from __future__ import annotations

import pytest

from elf_maker import RX, Load, make
from fault_case import found, one
from portwright.formats import elf


def test_an_entry_of_zero_with_nothing_there() -> None:
    row = one("entry-zero", make(entry=0))
    assert (row.severity, row.address) == ("error", 0)
    assert row.what == "its entry is 0x0, and no segment lies there"


def test_the_file_header_is_no_code() -> None:
    data = make(kind=elf.ET_DYN, entry=0, loads=[Load(0, b"\0" * 0x2000, RX, offset=0)], symbols=())
    assert "header lies there" in one("entry-zero", data).what


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"entry": 0, "kind": elf.ET_REL},
        {"entry": 0, "kind": elf.ET_DYN, "base": 0, "soname": "libx.so"},
        {"entry": 0, "loads": [Load(0, b"\xcc" * 64, RX)], "base": -0x1000},
    ],
    ids=["good", "object", "library", "code at 0"],
)
def test_others_are_left_alone(fields: dict[str, object]) -> None:
    assert not found("entry-zero", make(**fields))
