"""Judge a run of Rust's own tests: what was to be expected, what is better or worse than last time and on the host.

Pure: from the results of the tests to counts, comparisons and a verdict. A test that was not run never counts as
passed, and an exception that is no longer needed fails the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from portwright.run.events import TestOutcome, TestResult

Results = Mapping[str, Mapping[str, TestResult]]
"""Suite -> test -> result."""
FAILURES: tuple[TestOutcome, ...] = ("failed", "crashed", "hung", "not-run")


class Entry(Protocol):
    """An exception, as `describe/expected.py` reads it."""

    reason: str

    def covers(self, suite: str, test: str) -> bool:
        """Whether it speaks of this test."""

    def applies(self, on: str, panic: str) -> bool:
        """Whether it speaks of such a run."""

    @property
    def result(self) -> Sequence[str]:
        """How such tests end; any way where it is empty."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tests ended in which way."""

    passed: int = 0
    failed: int = 0
    crashed: int = 0
    hung: int = 0
    not_run: int = 0
    ignored: int = 0

    @property
    def run(self) -> int:
        """The tests that should have passed."""
        return self.passed + self.failed + self.crashed + self.hung + self.not_run

    @property
    def share(self) -> float:
        """How many of a hundred passed of those that should have."""
        return 100.0 * self.passed / self.run if self.run else 0.0


def count(results: Iterable[TestResult]) -> Counts:
    """Count results."""
    found = Counter(result.result.replace("-", "_") for result in results)
    return Counts(**found)


def module(suite: str, test: str) -> str:
    """The module of std that a test is about, as far as its name tells: `char::methods::x` -> `char`."""
    first, separator, _ = test.partition("::")
    return first if separator else suite.partition("-")[2] or suite


def modules(suite: str, tests: Mapping[str, TestResult]) -> dict[str, Counts]:
    """Counts per module, by name."""
    by: dict[str, list[TestResult]] = {}
    for name, result in tests.items():
        by.setdefault(module(suite, name), []).append(result)
    return {name: count(found) for name, found in sorted(by.items())}


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that did not pass; `reason`: the exception's, where it was expected."""

    suite: str
    test: str
    result: TestOutcome
    detail: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What did not pass, and the exceptions that are no longer needed, with what is wrong with each."""

    failures: tuple[Failure, ...]
    expired: tuple[str, ...]

    @property
    def unexpected(self) -> tuple[Failure, ...]:
        """The failures without a reason."""
        return tuple(failure for failure in self.failures if failure.reason is None)


def judge(
    results: Results, exceptions: Sequence[tuple[str, Entry]], *, on: str, panic: str, whole: set[str]
) -> Judged:
    """Hold results against the exceptions (with their places). `whole`: the suites of which every test was run."""
    known = [(where, entry) for where, entry in exceptions if entry.applies(on, panic)]
    failures = [
        Failure(suite, name, result.result, result.detail, _reason(known, suite, result))
        for suite, tests in results.items()
        for name, result in tests.items()
        if result.result in FAILURES
    ]
    expired: list[str] = []
    for where, entry in known:
        covered = [
            (suite, name, result)
            for suite, tests in results.items()
            for name, result in tests.items()
            if entry.covers(suite, name)
        ]
        passed = [f"{suite} {name}" for suite, name, result in covered if result.result == "passed"]
        if passed:
            more = f" and {len(passed) - 1} more" if len(passed) > 1 else ""
            expired.append(f"{where}: it passes now, take the entry out: {passed[0]}{more}")
        elif not covered and whole and _speaks_of(entry, whole):
            expired.append(f"{where}: no test of that name is left, take the entry out")
    return Judged(tuple(failures), tuple(expired))


def _speaks_of(entry: Entry, whole: set[str]) -> bool:
    """Whether a suite that was run as a whole is meant: an entry's suite may be a pattern."""
    suite = getattr(entry, "suite", "*")
    return suite in whole or ("*" in suite and len(whole) > 1)


def _reason(known: Sequence[tuple[str, Entry]], suite: str, result: TestResult) -> str | None:
    for _, entry in known:
        if entry.covers(suite, result.name) and (not entry.result or result.result in entry.result):
            return entry.reason
    return None


@dataclass(frozen=True, slots=True)
class Compared:
    """Against the last run: tests that passed and do not any more, the other way round, and what came and went."""

    worse: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    new: int = 0
    gone: int = 0

    @property
    def text(self) -> str:
        """In one line: `3 new failures, 12 mended`."""
        parts = [
            f"{len(self.worse)} new failure{'' if len(self.worse) == 1 else 's'}",
            f"{len(self.mended)} mended",
        ]
        parts += [f"{self.new} new tests"] if self.new else []
        parts += [f"{self.gone} gone"] if self.gone else []
        return ", ".join(parts)


def compare(before: Results, now: Results) -> Compared:
    """Compare two runs in the suites that both have."""
    worse: list[str] = []
    mended: list[str] = []
    new = gone = 0
    for suite in [name for name in now if name in before]:
        old, tests = before[suite], now[suite]
        new += len(tests.keys() - old.keys())
        gone += len(old.keys() - tests.keys())
        for name in tests.keys() & old.keys():
            was, is_now = old[name].result, tests[name].result
            if was not in FAILURES and is_now in FAILURES:
                worse.append(f"{suite} {name}")
            elif was in FAILURES and is_now == "passed":
                mended.append(f"{suite} {name}")
    return Compared(tuple(sorted(worse)), tuple(sorted(mended)), new, gone)


@dataclass(frozen=True, slots=True)
class Against:
    """Against the host: of the tests that pass there, how many pass here, and those that do not.

    `absent`: the port's suite has no such test (a condition of the target's leaves it out), or ignores it.
    """

    suite: str
    host_passed: int
    passed: int
    missing: tuple[str, ...] = field(default=())
    absent: tuple[str, ...] = field(default=())


def against(host: Results, now: Results) -> tuple[Against, ...]:
    """Compare with the host in the suites that both have, by the tests' names."""
    found: list[Against] = []
    for suite in [name for name in now if name in host]:
        wanted = [name for name, result in host[suite].items() if result.result == "passed"]
        here = now[suite]
        passed = [name for name in wanted if name in here and here[name].result == "passed"]
        absent = [name for name in wanted if name not in here or here[name].result == "ignored"]
        missing = sorted(set(wanted) - set(passed) - set(absent))
        found.append(Against(suite, len(wanted), len(passed), tuple(missing), tuple(sorted(absent))))
    return tuple(found)
