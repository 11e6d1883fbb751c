"""The fault broken."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, one
from portwright.base.sources import Memory
from portwright.pack.inspect import Wanted, of_source


def test_a_damaged_table_is_told_of_and_the_rest_is_read() -> None:
    data = bytearray(make(symbols=[("_start", 0x201000, 1, 2)] * 3))
    at = int.from_bytes(data[40:48], "little")
    rows = [at + 64 * index for index in range(int.from_bytes(data[60:62], "little"))]
    table = next(row for row in rows if int.from_bytes(data[row + 4 : row + 8], "little") == 2)
    data[table + 40 : table + 44] = b"\xff\xff\xff\xff"  # sh_link: which section has the names
    report = of_source(Memory(bytes(data), "program"), Wanted())
    assert [row.what for row in report.findings if row.fault == "broken"]
    assert report.program is not None and report.program.code == 8192


def test_an_archive_that_breaks_off() -> None:
    report = of_source(Memory(b"!<arch>\nrubbish" * 9, "x.a"), Wanted())
    assert any(row.fault == "broken" for row in report.findings)


def test_a_good_file() -> None:
    assert not found("broken", make())
    assert one("broken", b"\x7fELF\x09" + bytes(60)).severity == "error"
