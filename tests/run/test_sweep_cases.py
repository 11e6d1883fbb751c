"""Which cases a sweep tries: from counts of calls to faults."""

from __future__ import annotations

from portwright.describe import port as ports
from portwright.describe.operation import operation
from portwright.run.events import Injected
from portwright.run.failure import nearest
from portwright.run.fault_rule import parse
from portwright.run.sweep_cases import Case, cases, counters

LEDGER = ports.load("x86_64-unknown-veridian").ledger


def made(counts: dict[str, int]) -> list[Case]:
    """The cases for a program that makes so many calls (`write fd=1`: of these, so many on that file)."""
    rules = counters(LEDGER)
    seen = []
    for rule in rules:
        name = rule.calls[0] + ("" if rule.fd is None else f" fd={str(rule).rpartition('fd=')[2]}")
        seen.append(Injected(str(rule), counts.get(name, 0), 0))
    return cases(LEDGER, rules, seen)


def texts(counts: dict[str, int]) -> list[str]:
    """The faults, as they are written."""
    return [str(case.rule) for case in made(counts)]


def test_a_program_that_calls_nothing_cannot_be_tried() -> None:
    assert made({}) == []


def test_counters_count_and_never_strike() -> None:
    names = {rule.calls[0] for rule in counters(LEDGER)}
    assert names == set(LEDGER.offers)
    assert {rule.calls[0] for rule in counters(LEDGER, ("read", "sleep"))} == {"read", "sleep"}


def test_first_middle_and_last_with_each_error_and_the_call_missing() -> None:
    errors = {nearest(LEDGER, name)[0] for name in operation("rename").errors}
    assert set(texts({"rename": 5})) == {
        *(f"rename={error},nth={n}" for error in errors for n in (1, 3, 5)),
        "rename=ENOSYS",
    }
    assert [text for text in texts({"rename": 1}) if "ENOENT" in text] == ["rename=ENOENT,nth=1"]


def test_an_error_that_the_ledger_lacks_becomes_the_nearest() -> None:
    """ENOSPC is EIO on VeridianOS, and no case is tried twice for it."""
    found = texts({"write": 2, "write fd=3..": 2})
    assert found.count("write=EIO,nth=1,fd=3..") == 1
    assert not any("ENOSPC" in text for text in found)


def test_calls_on_the_standard_streams_are_tried_apart() -> None:
    found = made({"write": 5, "write fd=1": 3, "write fd=3..": 2})
    by_stream = {str(case.rule): case.doubt.stream for case in found}
    assert by_stream["write=EIO,nth=3,fd=1"] == 1
    assert by_stream["write=EIO,nth=2,fd=3.."] is None
    assert not any("fd=2" in text or "fd=0" in text for text in by_stream)
    assert by_stream["write=short,times=64,fd=1"] is None and by_stream["write=EINTR,nth=1,fd=1"] is None


def test_calls_with_no_open_file_are_not_told_apart() -> None:
    assert "map_memory=ENOMEM,nth=2" in texts({"map_memory": 2})


def test_short_counts_interruptions_and_failures_found_late() -> None:
    found = texts({"read": 4, "read fd=3..": 4})
    assert {"read=short,times=64,fd=3..", "read=EINTR,every=2,fd=3..", "read=EIO,nth=4,fd=3..,late"} <= set(
        found
    )
    assert not any("short" in text for text in texts({"rename": 2}))


def test_what_is_gone_is_gone_when_it_is_said() -> None:
    """std takes ENOENT for success when it removes: a system that says it of what is there lies."""
    found = texts({"remove_directory": 2, "create_directory": 1})
    assert "remove_directory=ENOENT,nth=1,late" in found and "remove_directory=ENOENT,nth=1" not in found
    assert "create_directory=EEXIST,nth=1,late" in found
    assert "remove_directory=ENOTEMPTY,nth=1" in found


def test_every_case_can_be_typed_by_a_person() -> None:
    for case in made(dict.fromkeys(LEDGER.offers, 7)):
        assert parse(str(case.rule), LEDGER) == (case.rule, [])


def test_a_close_that_fails_has_closed_all_the_same() -> None:
    found = texts({"close": 2, "close fd=3..": 2})
    assert "close=EIO,nth=1,fd=3..,late" in found and all(",late" in text for text in found)
    assert not any("ENOSYS" in text for text in found)
