"""How far a ledger carries std, operation by operation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.describe import ledger as ledgers
from portwright.describe import port as ports
from portwright.describe import std_support, toml_file
from portwright.describe.operation import vocabulary
from portwright.describe.std_support import Support

PATH = ports.find("x86_64-unknown-veridian") / "abi.toml"


def rows(change: Callable[[dict[str, Any]], None] = lambda tables: None) -> dict[str, Support]:
    tables = toml_file.read(PATH)
    change(tables)
    return {row.operation: row for row in std_support.support(ledgers.from_tables(tables, PATH))}


def without(*calls: str) -> Callable[[dict[str, Any]], None]:
    def change(tables: dict[str, Any]) -> None:
        for name in calls:
            del tables["syscalls"][name]

    return change


def test_every_operation_once_and_what_pays_first() -> None:
    found = list(rows().values())
    assert sorted(row.operation for row in found) == list(vocabulary())
    assert [row.weight for row in found] == sorted((row.weight for row in found), reverse=True)


def test_stand_ins_need_what_they_stand_on() -> None:
    assert rows(without("opendir"))["open_directory"].state == "stand-in"
    assert rows(without("opendir", "open"))["open_directory"].state == "missing"
    assert rows(without("mmap"))["map_memory"].state == "stand-in"
    assert rows(without("mmap", "brk"))["map_memory"].state == "missing"
    assert rows(without("nanosleep", "clock_gettime"))["sleep"].state == "missing"


def test_poorer_and_lacking() -> None:
    def change(tables: dict[str, Any]) -> None:
        without("getrandom")(tables)
        del tables["types"]["stat"]
        tables["syscalls"]["read"] = {"symbol": "read", "operation": "read"}

    found = rows(change)
    assert found["fill_random"].state == "poorer" and found["fill_random"].open
    assert (found["file_status"].state, found["file_status"].lacks) == ("lacking", ("[types.stat]",))
    assert found["read"].state == "lacking" and "cannot call `read`" in found["read"].lacks[0]


def test_remarks() -> None:
    found = rows()
    assert any("create_new" in remark for remark in found["open"].remarks)
    assert any("since boot" in remark for remark in found["clock_read"].remarks)

    def change(tables: dict[str, Any]) -> None:
        del tables["constants"]["O_APPEND"]
        tables["clocks"] = {"realtime": {"id": 0, "epoch": "unix"}}

    found = rows(change)
    assert "without O_APPEND" in found["open"].remarks
    assert found["clock_read"].remarks == ("Instant reads the realtime clock, which may be set back",)


@pytest.mark.parametrize(
    ("gone", "runs"),
    [((), True), (("mmap",), True), (("mmap", "brk"), False), (("write",), False), (("exit",), False)],
)
def test_what_nothing_runs_without(gone: tuple[str, ...], runs: bool) -> None:
    assert std_support.runs(tuple(rows(without(*gone)).values())) is runs


def test_programs_are_started_in_one_way_or_the_other() -> None:
    """fork and execute stand in for spawn, and spawn for them; what a kernel does its own way is a remark."""
    linux = {row.operation: row for row in std_support.support(ports.load("x86_64-portwright-linux").ledger)}
    assert (linux["spawn"].state, linux["fork"].state, linux["wait"].remarks) == ("stand-in", "works", ())
    veridian = {
        row.operation: row for row in std_support.support(ports.load("x86_64-unknown-veridian").ledger)
    }
    assert len(veridian["wait"].remarks) == 2 and "WriteZero" in veridian["create_pipe"].remarks[0]
    folder = Path(__file__).resolve().parents[1] / "fixtures" / "spawn-only"
    spawning = {row.operation: row for row in std_support.support(ports.load(str(folder)).ledger)}
    states = [spawning[name].state for name in ("spawn", "fork", "execute", "duplicate_to", "poll")]
    assert states == ["works", "stand-in", "stand-in", "stand-in", "poorer"]
