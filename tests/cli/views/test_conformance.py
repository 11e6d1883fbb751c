"""What a person sees of `conformance`: a table, every failure with its reason to look at, and the comparisons."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from portwright.cli.views import conformance
from portwright.jobs.conformance import Result, Suite
from portwright.judge.conformance import Against, Compared, Counts, Failure

FAILED = Failure("core", "char::b", "failed", "panicked at x\nleft: 1")
KNOWN = Failure("core", "char::c", "hung", "still running", "it has no clock")


def shown(*failures: Failure, expired: tuple[str, ...] = (), error: str | None = None) -> tuple[str, Result]:
    suites = (
        Suite("core", "core", Counts(passed=9, failed=1, ignored=2), seconds=1.5),
        Suite("std-windows", "std", Counts()),
        Suite("std-unit", "std-unit", Counts(), error=error),
    )
    result = Result(
        "x86_64-unknown-myos",
        "an OS",
        "rustc 1.96.0",
        "native",
        "unwind",
        7,
        suites,
        failures,
        expired,
        (Against("core", 12, 9, ("char::b",), ("unwinds",)),),
        Compared(("core char::b",), ("core num::x", "core num::y")),
        Path("/cache/results.json"),
        0,
        2.0,
    )
    file = io.StringIO()
    conformance.view(result, Console(file=file, width=200))
    return file.getvalue(), result


def test_a_failure_is_shown_with_its_words_and_an_expected_one_is_counted() -> None:
    text, result = shown(FAILED, KNOWN)
    assert "failed: core char::b" in text and "left: 1" in text
    assert "char::c" not in text and "1 failures expected" in text
    assert "core: 9 of the 12 that pass on the host (1 are not for this target or ignored)" in text
    assert "1 new failure, 2 mended" in text and "worse: core char::b" in text
    assert "9 of 10 tests passed (90.00 %)" in text
    assert "std-windows" not in text  # it has no tests for this target
    assert result.status == 1


def test_an_exception_that_is_not_needed_and_a_suite_that_does_not_build_fail_the_run() -> None:
    text, result = shown(KNOWN)
    assert result.status == 0
    text, result = shown(KNOWN, expired=("expected.toml:3: it passes now",))
    assert result.status == 1 and "expired: expected.toml:3" in text
    text, result = shown(error="`test-std-unit` failed (status 1):\nerror[E0425]: no such name")
    assert result.status == 1 and "`test-std-unit` failed" in text
