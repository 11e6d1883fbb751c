"""What std needs of a ledger: found missing one by one, and only where a call passes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portwright.describe import ledger as ledgers
from portwright.describe import port as ports
from portwright.describe import std_needs, toml_file
from portwright.describe.operation import OPTIONS, vocabulary

PATH = ports.find("x86_64-unknown-veridian") / "abi.toml"


def changed(change: Callable[[dict[str, Any]], None]) -> ledgers.Ledger:
    tables = toml_file.read(PATH)
    change(tables)
    return ledgers.from_tables(tables, PATH)


def lacks(operation: str, change: Callable[[dict[str, Any]], None]) -> tuple[str, ...]:
    return std_needs.lacks(changed(change), vocabulary()[operation])


def test_every_need_is_of_an_operation_and_of_its_own_constants() -> None:
    for name, need in std_needs.NEEDS.items():
        arguments = vocabulary()[name].arguments
        prefixes = {prefix for a in arguments for prefix in a.prefixes}
        prefixes |= {prefix for a in arguments if a.kind == "option" for prefix in OPTIONS.values()}
        for constant in (*need.constants, *need.better):
            assert constant.startswith((*prefixes, "S_IF", "POLL", "UTIME_")), constant


def test_the_real_ledger_lacks_nothing() -> None:
    ledger = ledgers.load(PATH)
    assert [std_needs.lacks(ledger, vocabulary()[name]) for name in ledger.offers] == [()] * len(
        ledger.offers
    )


@pytest.mark.parametrize("constant", ["O_RDONLY", "SEEK_END", "PROT_WRITE", "MAP_ANONYMOUS", "S_IFDIR"])
def test_missing_constant(constant: str) -> None:
    def change(tables: dict[str, Any]) -> None:
        del tables["constants"][constant]

    users = [name for name, need in std_needs.NEEDS.items() if constant in need.constants]
    assert users
    for name in users:
        assert lacks(name, change) == (f"[constants] {constant}",)


def test_constant_of_an_argument_that_the_call_does_not_pass() -> None:
    def change(tables: dict[str, Any]) -> None:
        tables["syscalls"]["mmap"]["arguments"] = ["length", "protection"]
        del tables["constants"]["MAP_ANONYMOUS"]
        del tables["constants"]["PROT_READ"]

    assert lacks("map_memory", change) == ("[constants] PROT_READ",)


def test_constant_of_the_call_itself() -> None:
    def change(tables: dict[str, Any]) -> None:
        tables["syscalls"]["open"]["constants"] = {"O_RDONLY": tables["constants"].pop("O_RDONLY")}

    assert lacks("open", change) == ()


def test_missing_types_fields_and_tables() -> None:
    def change(tables: dict[str, Any]) -> None:
        del tables["types"]["timespec"]
        del tables["types"]["stat"]["fields"]["st_size"]
        del tables["directory"]
        del tables["clocks"]

    assert lacks("clock_read", change) == ("[types.timespec]", "[clocks]")
    assert lacks("file_status", change) == ("[types.stat] st_size",)
    assert lacks("read_directory", change) == ("[directory]",)
    assert lacks("close", change) == ()


def test_thread_pointer() -> None:
    def by(who: str, drop: bool) -> bool:
        def change(tables: dict[str, Any]) -> None:
            tables["entry"]["thread-pointer"]["set-by"] = who
            if drop:
                del tables["syscalls"]["arch_prctl"]

        return std_needs.thread_pointer(changed(change))

    assert [by("program", False), by("program", True), by("os", True), by("nobody", False)] == [
        True,
        False,
        True,
        False,
    ]
