"""The fault grown."""

from __future__ import annotations

from elf_maker import make
from fault_case import case, found, one

SMALL = make(code=b"\xcc" * 402_000)


def test_from_402_kilobytes_to_1_4_megabytes() -> None:
    row = one("grown", make(code=b"\xcc" * 1_400_000), good=case(SMALL))
    assert row.severity == "warning" and "(3.4 times)" in row.what


def test_debug_information_is_told_apart() -> None:
    row = one("grown", make(code=b"\xcc" * 402_000, extra={".debug_info": bytes(900_000)}), good=case(SMALL))
    assert "without symbols and debug information from 41" in row.what


def test_a_little_and_nothing_to_compare_with() -> None:
    assert not found("grown", make(code=b"\xcc" * 500_000), good=case(SMALL))
    assert not found("grown", SMALL)
    assert not found("grown", SMALL, good=case(b"text"))
