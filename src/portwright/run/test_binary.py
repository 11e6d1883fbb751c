"""Runs the tests of one Rust test binary, many per guest, and gives each a result, whatever becomes of the guest.

A guest that ends in the middle of a test is started again behind it. Where panics abort, a test that ended its guest
is run once more, alone, by libtest's own protocol: so are those that are expected to panic. One that is known to hang
runs alone, too, so that it costs its own time and nobody else's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from portwright.base.errors import Fault, PortwrightError, Where
from portwright.formats import libtest
from portwright.formats.libtest import Finished, Listed, Over, Started
from portwright.run.events import Died, Exited, Outcome, RunEvent, TestOutcome, TestResult, Wrote
from portwright.run.options import Options

Runner = Callable[[Path, Options, Callable[[RunEvent], None]], Outcome]
OUT_OF_TIME = "time-limit"
STUCK = (OUT_OF_TIME, "deadlock")
KEPT_OUTPUT = 4000
"""Characters of a test's output that its result keeps."""
GUESTS_TIME = 2.0
"""A guest may run for so many times the time of one test; a slow test behind many others gets a fresh guest."""


def _none(name: str) -> bool:
    return False


Tell = Callable[[str | TestResult], None]
"""Told the name of each test that begins, and its result."""


@dataclass(frozen=True)
class TestBinary:
    """A test binary and how to run it.

    `aborts`: it was built for panics that abort. `harness`: it has libtest's main; else it is one test, passed
    when it exits with 0. `seconds`: how long one test may take; `hangs`: whether one is known to take longer, which is
    then ended after `hanging` seconds (None: as long as any other).
    """

    path: Path
    run: Runner
    options: Options
    seconds: float
    aborts: bool = False
    harness: bool = True
    hangs: Callable[[str], bool] = _none
    hanging: float | None = None

    def tests(self) -> tuple[list[Listed], set[str]]:
        """Its tests, and the names of those that are to run alone; raises `PortwrightError` where it does not say."""
        if not self.harness:
            return [Listed("main")], set()
        every = self._list()
        calm = {test.name for test in (self._list(libtest.NO_PANICS) if self.aborts else every)}
        run = [test.name for test in every if not test.ignored]
        return every, {name for name in run if name not in calm or self.hangs(name)}

    def _list(self, *more: str) -> list[Listed]:
        stream = libtest.Stream()
        options = self._options((*libtest.LIST_ARGUMENTS, *more))
        outcome = self.run(self.path, options, lambda event: None)
        found = [event for event in stream.feed(outcome.stdout) if isinstance(event, Listed)]
        if outcome.end != Exited(0) or b'"completed"' not in outcome.stdout:
            what = f"the test binary does not list its tests: {told(outcome)}"
            raise PortwrightError([Fault(what, Where(self.path), None, "tests/list")])
        return found

    def _options(self, arguments: Sequence[str], test: str = "", **variables: str) -> Options:
        environment = {**self.options.environment, **libtest.ENVIRONMENT, **variables}
        seconds = self.seconds * GUESTS_TIME
        if test and self.hangs(test):
            seconds = self.seconds if self.hanging is None else self.hanging
        limits = replace(self.options.limits, seconds=seconds)
        return replace(
            self.options, arguments=tuple(arguments), environment=environment, limits=limits, capture=True
        )

    def together(self, names: Sequence[str], tell: Tell) -> None:
        """Run tests one after the other, in the binary's order, in as few guests as it takes."""
        todo = list(names)
        while todo:
            guest = _Guest(self, tell)
            outcome = guest.run(todo)
            todo = [name for name in todo if name not in guest.done]
            if guest.over or not todo:
                for name in todo:
                    tell(TestResult(name, "not-run", "the test binary passed it over"))
                return
            late = _out_of_time(outcome)
            if late and guest.running is not None and guest.since < self.seconds:
                continue  # it had but the rest of its guest's time
            name = guest.running or todo[0]
            todo.remove(name)
            if late or (guest.running is not None and not self.aborts):
                tell(TestResult(name, _ended(outcome), told(outcome), guest.since))
            else:
                # A panic ended it, or the last line that it wrote was lost with it: see what it does alone.
                self.alone(name, tell)

    def alone(self, name: str, tell: Tell) -> None:
        """Run one test in a guest of its own."""
        if self.aborts or not self.harness:
            self._by_status(name, tell)
            return
        guest = _Guest(self, tell)
        outcome = guest.run([name], name)
        if name not in guest.done:
            tell(TestResult(name, _ended(outcome), told(outcome), guest.since))

    def _by_status(self, name: str, tell: Tell) -> None:
        """Run one test; the guest's exit status is the result."""
        tell(name)
        variables = {libtest.ONE_TEST: name} if self.harness else {}
        passed = libtest.ONE_TEST_PASSED if self.harness else 0
        began = time.monotonic()
        outcome = self.run(self.path, self._options((), name, **variables), lambda event: None)
        seconds = time.monotonic() - began
        if outcome.end == Exited(passed):
            tell(TestResult(name, "passed", "", seconds))
        elif b"panicked at" in outcome.stderr or (isinstance(outcome.end, Exited) and not self.harness):
            tell(TestResult(name, "failed", _tail(outcome), seconds))
        else:
            tell(TestResult(name, _ended(outcome), told(outcome), seconds))


@dataclass(slots=True)
class _Guest:
    """One guest: what it has told of its tests so far."""

    binary: TestBinary
    tell: Tell
    done: set[str] = field(default_factory=set)
    running: str | None = None
    over: bool = False
    since: float = 0.0
    _began: float = 0.0
    _stream: libtest.Stream = field(default_factory=libtest.Stream)

    def run(self, names: Sequence[str], alone: str = "") -> Outcome:
        words = [
            *libtest.RUN_ARGUMENTS,
            *([libtest.IN_PROCESS] if self.binary.aborts else []),
            "--exact",
            *names,
        ]
        self._began = time.monotonic()
        outcome = self.binary.run(self.binary.path, self.binary._options(words, alone), self._take)
        self.since = time.monotonic() - self._began
        return outcome

    def _take(self, event: RunEvent) -> None:
        if not isinstance(event, Wrote) or event.stream != "stdout":
            return
        for said in self._stream.feed(event.data):
            match said:
                case Started(name):
                    self.running, self._began = name, time.monotonic()
                    self.tell(name)
                case Finished(name, result, output):
                    self.running = None
                    self.done.add(name)
                    kind: TestOutcome = "passed" if result == "ok" else result
                    seconds = time.monotonic() - self._began
                    self.tell(TestResult(name, kind, _cut(output) if kind != "passed" else "", seconds))
                case Over():
                    self.over = True


def _out_of_time(outcome: Outcome) -> bool:
    return isinstance(outcome.end, Died) and outcome.end.report.kind == OUT_OF_TIME


def _ended(outcome: Outcome) -> TestOutcome:
    stuck = isinstance(outcome.end, Died) and outcome.end.report.kind in STUCK
    return "hung" if stuck else "crashed"


def told(outcome: Outcome) -> str:
    """How a guest ended, with its last words."""
    if isinstance(outcome.end, Exited):
        how = f"it ended the guest with status {outcome.end.status}"
    else:
        how = outcome.end.report.text()
    last = _tail(outcome)
    return f"{how}\n{last}" if last else how


def _tail(outcome: Outcome) -> str:
    return _cut(outcome.stderr.decode(errors="replace").strip())


def _cut(text: str) -> str:
    return text if len(text) <= KEPT_OUTPUT else f"...{text[-KEPT_OUTPUT:]}"
