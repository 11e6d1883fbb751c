"""The report on a port, as a value: what its last runs found, and what got better or worse over them.

Every presenter reads this and nothing else. All texts in it are visible (`base/visible.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from portwright.base.spans import Span
from portwright.judge.conformance import Against, Compared, Counts, Failure
from portwright.judge.console_lines import ConsoleShown
from portwright.judge.divergence import Divergence
from portwright.judge.verdict import Verdict

State = Literal["passed", "failed", "incomplete", "undecided", "never-run", "no-machine"]
"""`incomplete`: what was run passed, and something was left out; `undecided`: it could not be judged; `no-machine`: the
port has nothing to boot, so that nothing is missing."""
WORDS: dict[State, str] = {
    "passed": "passed",
    "failed": "failed",
    "incomplete": "passed in part",
    "undecided": "could not be judged",
    "never-run": "never run",
    "no-machine": "nothing to boot",
}
TITLES = {"up": "Criteria", "conformance": "Rust’s own tests", "boot": "Boots"}
"""The verbs that are reported, in their order, and what their part of a report is called."""


@dataclass(frozen=True, slots=True)
class About:
    """Of one run: when it began (UTC), which options narrowed it or were given otherwise, and its parts' times."""

    at: str
    called: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One verb's part of the report: its state in a word, in a sentence (`told`), and as numbers. `command` runs it
    anew; `faults` stood in the way of its last run."""

    verb: str
    title: str
    state: State
    told: str
    command: str
    at: str = ""
    passed: int = 0
    failed: int = 0
    not_run: int = 0
    expected: int = 0
    faults: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All that should have passed; `expected` of it was known not to."""
        return self.passed + self.failed + self.not_run + self.expected


@dataclass(frozen=True, slots=True)
class Row:
    """A criterion, a command or the boot itself, with its verdict."""

    name: str
    verdict: Verdict
    seconds: float = 0.0
    criterion: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class Up:
    """What `portwright up` found last."""

    about: About
    toolchain: str
    engine: str
    seed: int
    rows: tuple[Row, ...]
    seconds: float
    ledger: str | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """One of Rust's test suites: its counts, as a whole and by module."""

    name: str
    kind: str
    counts: Counts
    modules: dict[str, Counts] = field(default_factory=dict)
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Conformance:
    """What `portwright conformance` found last. `failures` are at most so many as a page can hold: `more_failures`
    counts the others."""

    about: About
    toolchain: str
    on: str
    panic: str
    seed: int
    counts: Counts
    suites: tuple[Suite, ...]
    failures: tuple[Failure, ...]
    expired: tuple[str, ...]
    against: tuple[Against, ...]
    seconds: float
    compared: Compared | None = None
    ledger: str | None = None
    more_failures: int = 0


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step of a boot; `at` is None where it was not reached."""

    name: str
    at: float | None


@dataclass(frozen=True, slots=True)
class Known:
    """A known failure that the console shows."""

    name: str
    line: str
    cause: str
    cure: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Boot:
    """The last boot of one machine: of several in a row, `counts` says how often it went how, and the rest is of the
    first that did not pass, else the last. `how` is empty where a recorded console was judged: nothing was booted."""

    about: About
    machine: str
    how: str
    verdict: Verdict
    rows: tuple[Row, ...]
    milestones: tuple[Milestone, ...]
    seconds: float
    console: ConsoleShown = field(default_factory=ConsoleShown)
    known: tuple[Known, ...] = ()
    divergence: Divergence | None = None
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Past:
    """A run in the history. `like`: in which way it was run: only such runs are compared; `better` and `worse` are
    against the one before it."""

    verb: str
    at: str
    state: State
    told: str
    like: str
    passed: int
    total: int
    seconds: float
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    newest: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. `outcome` is the worst of the parts; `unread` counts records that could not be read."""

    port: str
    summary: str
    outcome: Literal["passed", "failed", "incomplete"]
    parts: tuple[Part, ...]
    up: Up | None = None
    conformance: Conformance | None = None
    boots: tuple[Boot, ...] = ()
    history: tuple[Past, ...] = ()
    unread: int = 0

    @property
    def status(self) -> int:
        """0: all that was run passed; 1: something was judged wrong; 2: something could not be judged, or never was."""
        states = {part.state for part in self.parts}
        if "failed" in states:
            return 1
        return 2 if states & {"undecided", "never-run"} or not self.parts else 0

    @property
    def headline(self) -> str:
        """The outcome in a sentence."""
        names = {state: [part.title for part in self.parts if part.state == state] for state in WORDS}
        if self.outcome == "passed":
            return "All passed"
        told = [
            f"{WORDS[state]}: {', '.join(names[state])}"
            for state in ("failed", "undecided", "never-run", "incomplete")
            if names[state]
        ]
        told = told or ["nothing was run"]
        if self.outcome == "incomplete" and any(part.passed for part in self.parts):
            told.insert(0, "nothing that was run failed")
        text = "; ".join(told)
        return text[0].upper() + text[1:]
