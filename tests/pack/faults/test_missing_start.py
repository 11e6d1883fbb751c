"""The fault missing-start."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, one
from portwright.formats.elf import STT_FUNC

OTHER = [("helper", 0x201000, 16, STT_FUNC)]


def test_no_start_and_no_entry() -> None:
    assert one("missing-start", make(entry=0, symbols=OTHER)).severity == "error"


def test_the_beginning_of_the_code_was_taken() -> None:
    row = one("missing-start", make(symbols=OTHER))
    assert row.severity == "warning" and "beginning of .text (helper)" in row.what


def test_a_chosen_entry_and_a_stripped_program_are_left_alone() -> None:
    assert not found("missing-start", make())
    assert not found("missing-start", make(entry=0x201100, symbols=[("kernel_main", 0x201100, 16, STT_FUNC)]))
    assert not found("missing-start", make(symbols=()))
