"""The report's value: what was not run is never passed, the last run counts, and broken records are counted."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge import report_samples as samples
from judge.report_samples import boot, conformance, failure, only, up
from portwright.base import rooms
from portwright.base.plain import plain
from portwright.base.spans import Span
from portwright.judge import report_maker, run_records
from portwright.judge.report import Report
from portwright.judge.report_maker import Read
from portwright.judge.run_records import Record

AT = "2026-11-27T10:00:00Z"
OLDER = "2026-11-20T10:00:00Z"
PASS = {"check": "passed", "hello": "passed"}


def states(report: Report) -> dict[str, str]:
    return {part.verb: part.state for part in report.parts}


def test_what_was_never_run_is_said_and_never_passed() -> None:
    report = only()
    assert set(states(report).values()) == {"never-run"}
    assert (report.outcome, report.status) == ("incomplete", 2)
    assert "ever run" in report.headline and "assed" not in report.headline


def test_all_that_passed_is_passed() -> None:
    report = only(up=[up(AT, PASS)], conformance=[conformance(AT, failures=[])], boot=[no_criteria(boot(AT))])
    assert set(states(report).values()) == {"passed"}
    assert (report.outcome, report.status, report.headline) == ("passed", 0, "All passed")


def no_criteria(record: Record) -> Record:
    assert record.result is not None
    record.result["runs"][0]["rows"].pop()
    return record


def test_one_verb_that_was_never_run_keeps_the_whole_from_passing() -> None:
    report = only(up=[up(AT, PASS)])
    assert states(report) == {"up": "passed", "conformance": "never-run", "boot": "never-run"}
    assert (report.outcome, report.status) == ("incomplete", 2)


def test_a_port_without_a_machine_lacks_no_boot() -> None:
    read = {"up": Read([up(AT, PASS)]), "boot": Read([])}
    report = report_maker.make("x", "s", "x", read, [])
    assert states(report) == {"up": "passed", "boot": "no-machine"}
    assert (report.outcome, report.status) == ("passed", 0)
    nothing = report_maker.make("x", "s", "x", {"boot": Read([])}, [])
    assert nothing.outcome == "incomplete"


def test_a_run_that_came_to_nothing_is_the_last_run() -> None:
    broken = Record("up", AT, 1, faults=("std does not build",))
    report = only(up=[broken, up(OLDER, PASS)])
    assert states(report)["up"] == "failed" and report.up is None and report.status == 1
    missing = Record("up", AT, 2, faults=("no rustc",))
    assert states(only(up=[missing, up(OLDER, PASS)]))["up"] == "undecided"


@pytest.mark.parametrize(
    ("record", "state"),
    [
        (up(AT, PASS, narrowed=("--program hello",)), "incomplete"),
        (up(AT, {**PASS, "time": "not-run"}, status=0), "incomplete"),
        (up(AT, {**PASS, "time": "could-not-run"}, status=2), "undecided"),
        (up(AT, {}, status=0), "incomplete"),
        (up(AT, {**PASS, "time": "crashed"}), "failed"),
        (conformance(AT, failures=[failure("a", reason="known")]), "passed"),
        (conformance(AT, failures=[failure("a")]), "failed"),
        (conformance(AT, failures=[], narrowed=("--quick",)), "incomplete"),
        (boot(AT), "incomplete"),
        (boot(AT, how=""), "incomplete"),
        (boot(AT, "silent"), "failed"),
    ],
)
def test_no_run_has_a_better_word_than_it_earned(record: Record, state: str) -> None:
    assert states(only(**{record.verb: [record]}))[record.verb] == state


def test_what_got_better_and_what_broke() -> None:
    history = {past.verb: past for past in samples.report().history if past.newest}
    assert (history["up"].better, history["up"].worse) == (("files",), ("hello",))
    assert (history["conformance"].better, history["conformance"].worse) == (
        ("core char::y",),
        ("core fmt::x",),
    )
    assert history["boot"].worse == ("boot",)


def test_only_runs_of_the_same_way_are_compared() -> None:
    other = up(OLDER, {"check": "wrong", "hello": "passed"})
    assert other.result is not None
    other.result["engine"] = "unicorn"
    newest = only(up=[up(AT, PASS), other]).history[0]
    assert newest.better == newest.worse == ()


def test_the_boot_that_is_shown_is_the_first_bad_one() -> None:
    record, bad = boot(AT), boot(AT, "silent", says="no more")
    assert record.result is not None and bad.result is not None
    record.result["runs"] += bad.result["runs"]
    record.result["verdict"] = {"outcome": "flaky", "detail": "1 of 2"}
    shown = only(boot=[record]).boots[0]
    assert shown.counts == {"passed": 1, "silent": 1}
    assert [step.at for step in shown.milestones] == [0.8, None]
    assert states(only(boot=[record]))["boot"] == "failed"


def test_a_long_list_of_failures_is_cut_and_counted() -> None:
    many = [failure(f"m::{number}", detail="x" * 50_000) for number in range(2000)]
    found = only(conformance=[conformance(AT, failures=many)]).conformance
    assert found is not None
    assert len(found.failures) + found.more_failures == 2000
    assert sum(len(each.detail) for each in found.failures) < 400_000


def test_every_text_is_visible() -> None:
    report = samples.report()
    assert report.unread == 0

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from texts(inner)

    found = list(texts(plain(report)))
    assert any("alert(1)" in text for text in found)
    assert all(c.isprintable() or c in "\n\t" for text in found for c in text)


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_mangled_record_is_counted_or_read_and_never_a_traceback(data: st.DataObject) -> None:
    verb = data.draw(st.sampled_from(["up", "conformance", "boot"]))
    record = samples.runs("said")[verb].records[0]
    value: dict[str, Any] = copy.deepcopy(plain(record))
    value["format"] = run_records.FORMAT
    node: Any = value
    for _ in range(data.draw(st.integers(0, 6))):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key]:
            node[key] = data.draw(VALUE)
            break
        parent, node = node, node[key]
        if data.draw(st.integers(0, 4)) == 0:
            parent[key] = data.draw(VALUE)
            break
    try:
        parsed = [run_records.parse(value)]
    except (ValueError, TypeError, KeyError):
        parsed = []
    report = report_maker.make("x", "s", "x", {verb: Read(parsed)}, ["qemu"])
    assert report.unread + len(report.history) == len(parsed)
    for name in ("text", "json", "junit", "markdown", "html"):
        assert rooms.load("portwright.judge.presenters", name).present(report)


def test_spans_are_kept() -> None:
    shown = only(up=[up(AT, PASS)]).up
    assert shown is not None and shown.about.spans[1] == Span("sysroot", 0.5, 2.0, "built")
