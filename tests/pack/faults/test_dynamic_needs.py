"""The fault dynamic-needs."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, held, one

DYNAMIC = make(interpreter="/lib64/ld-linux-x86-64.so.2", needed=["libc.so.6", "libm.so.6"])


def test_an_interpreter_and_libraries_that_nobody_has() -> None:
    row = one("dynamic-needs", DYNAMIC, port=held("elf-exec"))
    assert row.severity == "error"
    assert "/lib64/ld-linux-x86-64.so.2" in row.what and "libc.so.6, libm.so.6" in row.what


def test_with_a_dynamic_linker_or_without_a_port_it_is_right() -> None:
    assert not found("dynamic-needs", DYNAMIC)
    assert not found("dynamic-needs", DYNAMIC, port=held("elf-exec", "elf-dynamic"))
    assert not found("dynamic-needs", make(), port=held())
