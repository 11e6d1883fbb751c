"""The fault almost-no-code."""

from __future__ import annotations

from elf_maker import RW, RX, Load, make
from fault_case import found, one

DEBUG = {".debug_info": bytes(4_500_000)}


def test_332_bytes_of_code_in_a_file_of_four_and_a_half_megabytes() -> None:
    row = one("almost-no-code", make(code=b"\xcc" * 332, extra=DEBUG))
    assert row.severity == "error" and row.what.startswith("332 bytes of code in a file of 4,5")


def test_a_little_more_is_suspicious() -> None:
    assert one("almost-no-code", make(code=b"\xcc" * 3000, extra=DEBUG)).severity == "warning"


def test_small_files_and_real_programs_are_left_alone() -> None:
    assert not found("almost-no-code", make(code=b"\xcc" * 332))
    assert not found("almost-no-code", make(extra=DEBUG))


def test_without_sections_the_segments_tell() -> None:
    data = bytearray(make(loads=[Load(0x201000, b"\xcc" * 100, RX), Load(0x300000, b"x" * 400_000, RW)]))
    data[40:48] = bytes(8)
    data[60:64] = bytes(4)
    assert "100 bytes of code" in one("almost-no-code", bytes(data)).what
