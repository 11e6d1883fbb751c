"""The programs that Rust's own tests start: what there is, and who gets it."""

from __future__ import annotations

import pytest

from portwright.base import rooms
from portwright.describe import port as ports
from portwright.describe import utility
from portwright.describe.ledger import Ledger

ORACLE = ports.load("x86_64-portwright-linux").ledger


def without(*operations: str) -> Ledger:
    """The oracle's ledger, in which no call has these operations."""
    changes = {
        name: call.model_copy(update={"operation": None})
        for name, call in ORACLE.syscalls.items()
        if call.operation in operations
    }
    return ORACLE.model_copy(update={"syscalls": {**ORACLE.syscalls, **changes}})


def test_each_is_a_package_with_places_of_its_own() -> None:
    found = utility.utilities(ORACLE)
    places = [place for each in found for place in each.places]
    assert {"/bin/sh", "/bin/env", "/bin/mkdir", "/bin/echo"} <= set(places)
    assert len(set(places)) == len(places)
    for each in found:
        assert (utility.folder() / each.path / "Cargo.toml").is_file()


def test_what_they_need_are_operations() -> None:
    known = set(rooms.names("portwright.describe.operations"))
    assert {name for each in utility.utilities(ORACLE) for names in each.needs for name in names} <= known


@pytest.mark.parametrize("name", ports.bundled())
def test_every_bundled_port_can_start_programs(name: str) -> None:
    ledger = ports.load(name).abi
    if ledger is None:
        pytest.skip(f"{name} has no ledger yet")
    assert utility.utilities(ledger)


@pytest.mark.parametrize("lacking", [("fork", "spawn"), ("execute", "spawn"), ("wait",)])
def test_a_ledger_that_offers_no_processes_gets_none(lacking: tuple[str, ...]) -> None:
    assert utility.utilities(without(*lacking)) == ()


def test_a_ledger_that_only_forks_gets_them() -> None:
    assert utility.utilities(without("spawn")) == utility.utilities(ORACLE) != ()
