"""Judging a run of Rust's own tests: counts, exceptions that expire, comparisons; and the file that keeps a run."""

from __future__ import annotations

from pathlib import Path

from portwright.describe.expected import Entry
from portwright.judge import conformance, conformance_record
from portwright.run.events import TestOutcome, TestResult


def outcomes(**given: TestOutcome) -> dict[str, TestResult]:
    return {
        name.replace("__", "::"): TestResult(name.replace("__", "::"), what) for name, what in given.items()
    }


NOW = {
    "core": outcomes(char__a="passed", char__b="failed", num__c="passed", alone="ignored"),
    "std-sync": outcomes(mutex__a="hung", mutex__b="passed"),
}
REASON = "a reason that is long enough"


def judge(
    *entries: Entry, on: str = "native", panic: str = "unwind", whole: set[str] | None = None
) -> conformance.Judged:
    places = [(f"expected.toml:{number}", entry) for number, entry in enumerate(entries, 1)]
    return conformance.judge(
        NOW, places, on=on, panic=panic, whole={"core", "std-sync"} if whole is None else whole
    )


def test_only_what_should_have_passed_counts_and_not_run_is_no_pass() -> None:
    counts = conformance.count([*NOW["core"].values(), TestResult("x", "not-run")])
    assert (counts.passed, counts.failed, counts.not_run, counts.ignored, counts.run) == (2, 1, 1, 1, 4)
    assert counts.share == 50.0
    assert conformance.count([]).share == 0.0


def test_modules_are_told_by_the_names() -> None:
    found = conformance.modules("core", NOW["core"])
    assert {name: counts.run for name, counts in found.items()} == {"char": 2, "core": 0, "num": 1}
    assert conformance.module("std-env", "test_self_exe_path") == "env"


def test_a_failure_with_a_reason_is_expected_and_any_other_is_not() -> None:
    judged = judge(Entry(suite="core", test="char::b", reason=REASON))
    assert [(f.suite, f.test, f.reason) for f in judged.failures] == [
        ("core", "char::b", REASON),
        ("std-sync", "mutex::a", None),
    ]
    assert [failure.test for failure in judged.unexpected] == ["mutex::a"]
    assert judged.expired == ()


def test_an_entry_that_passes_expires_and_so_does_one_whose_test_is_gone() -> None:
    judged = judge(
        Entry(suite="core", test="char::*", reason=REASON), Entry(suite="core", test="gone::*", reason=REASON)
    )
    assert len(judged.expired) == 2
    assert "expected.toml:1" in judged.expired[0] and "core char::a" in judged.expired[0]
    assert "no test of that name" in judged.expired[1]


def test_a_part_of_a_suite_says_nothing_of_tests_that_were_not_run() -> None:
    assert judge(Entry(suite="core", test="gone", reason=REASON), whole=set()).expired == ()
    assert judge(Entry(suite="alloc", test="gone", reason=REASON), whole={"core"}).expired == ()


def test_an_entry_speaks_only_of_the_runs_that_it_names() -> None:
    entry = Entry(suite="core", test="char::b", reason=REASON, on=["unicorn"], panic="abort")
    assert judge(entry).failures[0].reason is None
    assert judge(entry, on="unicorn").failures[0].reason is None
    assert judge(entry, on="unicorn", panic="abort").failures[0].reason == REASON
    other = Entry(suite="core", test="char::b", reason=REASON, result=["crashed"])
    assert judge(other).failures[0].reason is None


def test_the_last_run_is_compared_test_by_test() -> None:
    before = {
        "core": outcomes(char__a="failed", char__b="passed", num__old="passed"),
        "gone": outcomes(a="passed"),
    }
    compared = conformance.compare(before, NOW)
    assert compared.worse == ("core char::b",) and compared.mended == ("core char::a",)
    assert (compared.new, compared.gone) == (2, 1)
    assert compared.text == "1 new failure, 1 mended, 2 new tests, 1 gone"


def test_against_the_host_what_is_missing_has_a_name() -> None:
    host = {
        "core": outcomes(
            char__a="passed", char__b="passed", num__c="failed", alone="passed", unwinds="passed"
        )
    }
    (row,) = conformance.against(host, NOW)
    assert (row.host_passed, row.passed) == (4, 1)
    assert row.missing == ("char::b",) and row.absent == ("alone", "unwinds")


def test_a_run_is_kept_and_read_again_and_what_is_no_such_file_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    conformance_record.write(path, NOW)
    assert conformance_record.read(path) == NOW
    path.write_text('{"format": 0}')
    assert conformance_record.read(path) == {}
    path.write_text("{")
    assert conformance_record.read(path) == {} == conformance_record.read(tmp_path / "none")
    both = conformance_record.total(conformance.count(suite.values()) for suite in NOW.values())
    assert (both.passed, both.failed, both.hung, both.ignored) == (3, 1, 1, 1)
