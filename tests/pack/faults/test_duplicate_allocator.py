"""The fault duplicate-allocator."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, one
from portwright.formats.elf import STT_FUNC


def program(*names: str) -> bytes:
    return make(symbols=[(name, 0x201000 + 16 * number, 16, STT_FUNC) for number, name in enumerate(names)])


def test_malloc_twice() -> None:
    row = one("duplicate-allocator", program("_start", "malloc", "malloc"))
    assert row.what == "malloc is in it 2 times: 0x201010, 0x201020"


def test_rusts_own_twice() -> None:
    names = ["_RNvCsfgHY_7___rustc12___rust_alloc", "_RNvCsaaaa_7___rustc12___rust_alloc"]
    assert "__rust_alloc is in it 2 times" in one("duplicate-allocator", program("_start", *names)).what


def test_two_copies_of_an_allocators_crate() -> None:
    names = ["_RNvCs1a_8dlmalloc4free", "_RNvCs2b_8dlmalloc4free"]
    assert "2 copies of the allocator dlmalloc" in one("duplicate-allocator", program("_start", *names)).what


def test_one_of_each_is_how_it_should_be() -> None:
    names = ["malloc", "_RNvCsfgHY_7___rustc12___rust_alloc", "_RNvCsfgHY_7___rustc11___rdl_alloc"]
    assert not found("duplicate-allocator", program("_start", *names))
    assert not found("duplicate-allocator", program("_start", "emalloc", "xmalloc"))
