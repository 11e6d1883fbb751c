"""The fault initfs-bootstrap-place."""

from __future__ import annotations

import pytest

from elf_maker import RW, RX, Load, make
from fault_case import found, one
from initfs_maker import bootstrap, initfs
from portwright.formats import elf

CODE = Load(0x3000, b"\xcc" * 64, RX, offset=0x1000)


def test_one_that_runs_where_it_lies() -> None:
    assert not found("initfs-bootstrap-place", initfs())
    assert not found("initfs-bootstrap-place", initfs(None))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            make(loads=[Load(0x201000, b"\xcc" * 64, RX, offset=0x1000)], entry=0x201000),
            "linked for 0x201000, and will be at 0x3000",
        ),
        (make(kind=elf.ET_DYN, loads=[CODE], entry=0x3000), "must be an executable"),
        (
            make(loads=[CODE, Load(0x4000, b"data", RW, memory_size=64, offset=0x2000)], entry=0x3000),
            "0x40 bytes in memory and 0x4 in the file",
        ),
        (make(loads=[CODE], entry=0x5000), "its entry 0x5000 is in no executable segment"),
    ],
)
def test_what_keeps_it_from_running(program: bytes, words: str) -> None:
    rows = found("initfs-bootstrap-place", initfs(program))
    assert any(words in row.what for row in rows), rows
    assert all(row.severity == "error" for row in rows)


def test_the_headers_entry_is_that_of_another() -> None:
    rows = found("initfs-bootstrap-place", initfs(bootstrap(), entry=0x3010))
    assert "names the entry 0x3010, and the bootstrap's is 0x3000" in rows[0].what


def test_no_program_where_it_should_be() -> None:
    assert (
        "no ELF file lies at 0x1000" in one("initfs-bootstrap-place", initfs(b"\0" * 100, entry=0x3000)).what
    )
