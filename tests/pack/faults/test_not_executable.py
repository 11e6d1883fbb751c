"""The fault not-executable."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, one
from portwright.formats import elf


def test_a_program_without_its_bit() -> None:
    row = one("not-executable", make(), "bin/ls", mode=0o644)
    assert row.severity == "warning" and "its mode is 0644" in row.what


def test_others() -> None:
    assert not found("not-executable", make(), "bin/ls", mode=0o755)
    assert not found("not-executable", make(), "boot/kernel", mode=0o644)
    assert not found("not-executable", make(kind=elf.ET_DYN, base=0, soname="x"), "lib/x.so", mode=0o644)
    assert not found("not-executable", make())
