"""The fault duplicate-runtime."""

from __future__ import annotations

from elf_maker import make
from fault_case import found, one
from portwright.formats.elf import STT_FUNC, STT_OBJECT


def program(*names: str, kind: int = STT_FUNC) -> bytes:
    rows = [(name, 0x201000 + 16 * number, 16, kind) for number, name in enumerate(names)]
    return make(symbols=[("_start", 0x201000, 16, STT_FUNC), *rows[1:], *rows[:1]])


def test_two_copies_of_redox_rt() -> None:
    row = one(
        "duplicate-runtime",
        program("_RNvNtCs1aB_8redox_rt4proc9fork_impl", "_RNvNtCs2cD_8redox_rt4proc9fork_impl"),
    )
    assert row.severity == "error"
    assert row.what.startswith(
        "2 copies of the crate redox_rt are in it (1aB and 2cD): redox_rt::proc::fork_impl"
    )


def test_two_versions_of_the_panic_runtime() -> None:
    row = one(
        "duplicate-runtime",
        program("_RNvCsfgHY_7___rustc17rust_begin_unwind", "_RNvCsaaaa_7___rustc17rust_begin_unwind"),
    )
    assert "the crate __rustc" in row.what


def test_what_can_exist_only_once() -> None:
    assert (
        "rust_begin_unwind is in it 2 times"
        in one("duplicate-runtime", program("x", "rust_begin_unwind", "rust_begin_unwind")).what
    )


def test_the_old_mangling_tells_by_statics() -> None:
    names = [
        f"_ZN8redox_rt4proc{len(name)}{name}17h{mark * 16}E"
        for name in ("TABLE", "LOCK", "COUNT")
        for mark in "ab"
    ]
    assert "crate redox_rt" in one("duplicate-runtime", program(*names, kind=STT_OBJECT)).what
    twice = [f"_ZN3std2rt19lang_start_internal17h{mark * 16}E" for mark in "ab"]
    assert "crate std" in one("duplicate-runtime", program(*twice)).what


def test_instances_and_ordinary_crates_may_be_there_twice() -> None:
    generic = [f"_ZN4core3ptr13drop_in_place17h{mark * 16}E" for mark in "abcdef"]
    crates = ["_RNvNtCs1aB_9hashbrown3raw5probe", "_RNvNtCs2cD_9hashbrown3raw5probe"]
    assert not found("duplicate-runtime", program(*generic, *crates))
    assert not found("duplicate-runtime", make())
