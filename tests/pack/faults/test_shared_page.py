"""The fault shared-page."""

from __future__ import annotations

from elf_maker import RW, RX, Load, make
from fault_case import found, held, one

SHARED = make(loads=[Load(0x201000, b"\xcc" * 64, RX), Load(0x201800, b"data", RW)])


def test_code_and_data_in_one_page() -> None:
    assert one("shared-page", SHARED).severity == "warning"
    row = one("shared-page", SHARED, port=held())
    assert row.severity == "error" and "share the page 0x201000" in row.what


def test_the_pages_are_those_of_the_port() -> None:
    big = held(**{"page-size": 16384})
    rows = found("shared-page", make(), port=big)
    assert any("elsewhere in a page of 16384" in row.what for row in rows)
    assert not found("shared-page", make(), port=held())


def test_what_cannot_be_mapped() -> None:
    data = make(loads=[Load(0x201000, b"\xcc" * 64, RX, offset=0x1010, alignment=1)])
    row = one("shared-page", data, port=held())
    assert "so that it cannot be mapped (p_align 0x1)" in row.what


def test_overlapping_segments() -> None:
    data = make(loads=[Load(0x201000, b"\xcc" * 64, RX, memory_size=0x3000), Load(0x202000, b"data", RW)])
    assert "overlap" in one("shared-page", data).what
