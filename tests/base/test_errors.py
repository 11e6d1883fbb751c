"""Faults say what, where and what next; rooms say which file to add."""

from __future__ import annotations

from pathlib import Path

import pytest

from portwright.base import errors, rooms
from portwright.base.errors import BadInput, Fault, Where


def test_a_fault_reads_as_editors_expect() -> None:
    fault = Fault("unknown key `oss`", Where(Path("port.toml"), 3, 7), "did you mean `os`?")
    assert str(fault).splitlines()[0] == "port.toml:3:7: unknown key `oss`"
    assert str(Where("a.elf", address=0x10)) == "a.elf at 0x10"


def test_all_faults_travel_together() -> None:
    with pytest.raises(BadInput) as caught:
        errors.raise_if([Fault("one"), Fault("two")])
    assert [fault.what for fault in caught.value.faults] == ["one", "two"]
    assert caught.value.status == 2
    errors.raise_if([])


def test_the_closest_name_is_offered_only_when_near() -> None:
    assert errors.closest("page-sice", ["page-size", "entry"]) == "page-size"
    assert errors.closest("xyzzy", ["page-size", "entry"]) is None


def test_a_missing_entry_names_the_file_to_add() -> None:
    with pytest.raises(BadInput) as caught:
        rooms.load("portwright.describe.operations", "page-fault")
    assert "src/portwright/describe/operations/page_fault.py" in (caught.value.faults[0].hint or "")
    with pytest.raises(BadInput) as near:
        rooms.load("portwright.describe.operations", "opem")
    assert "did you mean `open`" in (near.value.faults[0].hint or "")
