"""Judge a boot: a pure, incremental function from a machine's description and its events to a verdict.

Serves live, where it says when to stop and when to look at the CPUs, and on recorded events alike. Milestones count
only in their order; what says that it went wrong counts at any time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from portwright.describe.known_failure import KnownFailure
from portwright.describe.machine import Criterion, Machine, Milestone
from portwright.judge import boot_words, console_text
from portwright.judge.literals import Search
from portwright.judge.verdict import Outcome, Verdict
from portwright.run.events import (
    Answer,
    ConsoleOutput,
    CpusSampled,
    MachineEnded,
    MachineEvent,
    MachineReset,
    MachineStarted,
)

LAST_WORDS = 0.4
"""Seconds in which a machine that gave up may say why."""
TAIL = 64 << 10
LONGEST_LINE = 4096
STILL = 1.0
"""Seconds without output from which on a machine that is late is silent."""


@dataclass(frozen=True)
class Rules:
    """What a boot is judged by. `stay`: the machine is used after its last milestone, and judged until it is ended."""

    machine: Machine
    failures: tuple[KnownFailure, ...] = ()
    stay: bool = False

    @cached_property
    def milestones(self) -> tuple[tuple[Milestone, Search], ...]:
        """The milestones, in order."""
        return tuple((each, Search(each.expression)) for each in self.machine.milestone)

    @cached_property
    def enders(self) -> tuple[tuple[Outcome, Search, bool], ...]:
        """What ends a boot wherever it is seen: (outcome, expression, only before the first milestone)."""
        rows: list[tuple[Outcome, Search, bool]] = []
        for outcome, patterns in (
            ("panicked", self.machine.panics),
            ("crashed", self.machine.crashes),
            ("wrong", self.machine.wrong),
        ):
            rows += [(outcome, Search(pattern), False) for pattern in patterns]  # type: ignore[misc]
        rows += [(row.outcome, Search(row.pattern), row.early) for row in self.failures if row.outcome]
        return tuple(rows)

    @cached_property
    def criteria(self) -> tuple[tuple[Criterion, Search], ...]:
        """The criteria that look at the console."""
        return tuple((c, Search(c.pattern)) for c in self.machine.criterion if c.pattern is not None)

    @cached_property
    def restarts(self) -> Search | None:
        """What a boot shows once."""
        return Search(self.machine.restarts) if self.machine.restarts else None


@dataclass(frozen=True, slots=True)
class Reached:
    """A milestone that was passed."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Ending:
    """The machine gave up; its last words are awaited."""

    outcome: Outcome
    line: str
    until: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What has been seen of a boot. `wants_cpus`: the CPUs should be looked at now, perhaps only at a glance."""

    rules: Rules
    at: float = 0.0
    slowness: float = 1.0
    reached: tuple[Reached, ...] = ()
    since: float = 0.0
    last_output: float = 0.0
    look_at: float = 0.0
    wants_cpus: Literal["", "glance", "look"] = ""
    cpus: CpusSampled | None = None
    line: bytes = b""
    searched: int = 0
    total: int = 0
    tail: bytes = b""
    banners: int = 0
    resets: int = 0
    criteria: tuple[tuple[str, Mapping[str, str]], ...] = ()
    ending: Ending | None = None
    end: MachineEnded | None = None
    verdict: Verdict | None = None

    @property
    def waiting_for(self) -> Milestone | None:
        """The next milestone."""
        rows = self.rules.machine.milestone
        return rows[len(self.reached)] if len(self.reached) < len(rows) else None

    @property
    def booted(self) -> bool:
        """Whether all milestones were passed, and nothing went wrong a while after."""
        quiet = self.at >= self.since + self.rules.machine.settle
        return self.waiting_for is None and quiet and not self.ending and not self.rules.machine.power_off

    @property
    def deadline(self) -> float | None:
        """When the next milestone must have been seen; None where nothing is awaited."""
        row = self.waiting_for
        if row is None:
            if not self.rules.machine.power_off:
                return None
            row = self.rules.machine.milestone[-1] if self.rules.machine.milestone else None
        return self.since + (row.seconds if row else boot_words.DEFAULT_SECONDS) * self.slowness


def begin(rules: Rules) -> Seen:
    """The state before the first event."""
    return Seen(rules)


def step(seen: Seen, event: MachineEvent) -> Seen:
    """The state after one more event."""
    if seen.verdict is not None:
        return seen
    seen = replace(seen, at=max(seen.at, event.at))
    match event:
        case MachineStarted():
            quiet = event.at + seen.rules.machine.quiet
            return replace(seen, slowness=event.slowness, since=event.at, last_output=event.at, look_at=quiet)
        case ConsoleOutput():
            seen = _output(seen, event.data)
        case CpusSampled():
            glance = seen.wants_cpus == "glance"
            return _sampled(replace(seen, cpus=event, wants_cpus=""), event, glance)
        case MachineReset():
            seen = _reset(seen, event)
        case MachineEnded():
            return _ended(replace(seen, end=event), event)
    return _time(seen)


def close(seen: Seen) -> Verdict:
    """The verdict when no more events will come: we ended the machine, or they just stop."""
    if seen.verdict is not None:
        return seen.verdict
    if seen.ending:
        return _given_up(seen)
    if seen.waiting_for is None and not seen.rules.machine.power_off:
        return boot_words.passed(seen)
    return boot_words.never_reported(seen, "the run was ended")


def judge(rules: Rules, events: Iterable[MachineEvent]) -> Seen:
    """The state over a whole recorded run, with its verdict."""
    seen = begin(rules)
    for event in events:
        seen = step(seen, event)
        if seen.verdict is not None:
            return seen
    return replace(seen, verdict=close(seen))


# what is on the console


def _output(seen: Seen, data: bytes) -> Seen:
    text = (seen.line + data).replace(b"\r\n", b"\n")
    if b"\x1b" in text:  # terminal commands, as firmware likes them, would hide the beginning of a line
        text = console_text.COMMANDS.sub(b"", text)
    seen = replace(
        seen,
        total=seen.total + len(data),
        last_output=seen.at,
        look_at=seen.at + seen.rules.machine.quiet,
        tail=(seen.tail + data)[-TAIL:],
    )
    seen = _banners(seen, text)
    if not seen.ending and seen.verdict is None:
        found = _ender(seen, text)
        seen = _milestones(seen, text, found[0] if found else len(text))
        if seen.verdict is None and found:
            until = seen.at + LAST_WORDS
            seen = replace(seen, ending=Ending(found[1], boot_words.line_at(text, found[0]), until))
    if seen.verdict is None:
        seen = _criteria(seen, text)
    kept = len(text) - (text.rfind(b"\n") + 1)
    dropped = len(text) - min(kept, LONGEST_LINE)
    seen = replace(seen, line=text[dropped:], searched=max(0, seen.searched - dropped))
    if seen.verdict is None and seen.total > seen.rules.machine.most_output:
        return replace(seen, verdict=boot_words.flood(seen))
    return seen


def _ender(seen: Seen, text: bytes) -> tuple[int, Outcome] | None:
    """The first place that says that the machine gave up, and how."""
    first = seen.rules.milestones[0][1].find(text) if seen.rules.milestones and not seen.reached else None
    found: list[tuple[int, Outcome]] = []
    for outcome, search, early in seen.rules.enders:
        match = None if early and seen.reached else search.find(text)
        if match and not (early and first and first.start() < match.start()):
            found.append((match.start(), outcome))
    return min(found, key=lambda row: row[0]) if found else None


def _milestones(seen: Seen, text: bytes, until: int) -> Seen:
    """Go past every milestone that stands before `until`, each after the one before it."""
    searched = min(seen.searched, len(text))
    while seen.verdict is None and len(seen.reached) < len(seen.rules.milestones):
        row, search = seen.rules.milestones[len(seen.reached)]
        found = search.find(text, searched)
        if not found or found.start() >= until:
            break
        if row.expect:
            if found.end() == len(text):
                break  # the line may go on
            wrong = _differing(found, row.expect)
            if wrong:
                return replace(seen, verdict=boot_words.wrong(seen, row.name, wrong, text, found.start()))
        searched = found.end()
        seen = replace(seen, reached=(*seen.reached, Reached(row.name, seen.at)), since=seen.at)
    return replace(seen, searched=searched)


def _differing(found: re.Match[bytes], expect: Mapping[str, str]) -> str | None:
    for name, wanted in expect.items():
        shown = (found[name] or b"").decode(errors="backslashreplace")
        if shown != wanted:
            return f"{name} is {shown}, expected {wanted}"
    return None


def _criteria(seen: Seen, text: bytes) -> Seen:
    known = {name for name, _ in seen.criteria}
    for criterion, search in seen.rules.criteria:
        if criterion.name in known:
            continue
        found = search.find(text)
        if found and not (criterion.groups and found.end() == len(text)):
            groups = {
                key: (value or b"").decode(errors="replace") for key, value in found.groupdict().items()
            }
            seen = replace(seen, criteria=(*seen.criteria, (criterion.name, groups)))
    return seen


def judge_criterion(seen: Seen, criterion: Criterion) -> Verdict:
    """A criterion that looks at the console, once the run is over."""
    groups = dict(seen.criteria).get(criterion.name)
    if groups is None:
        return Verdict("never-reported", f"no line of the console matches `{criterion.pattern}`")
    for name, wanted in criterion.groups.items():
        if groups.get(name) != wanted:
            return Verdict("wrong", f"{name} is {groups.get(name)}, expected {wanted}")
    return Verdict("passed", "the console shows it")


# time, and the end


def _banners(seen: Seen, text: bytes) -> Seen:
    """Count what a boot shows once, in the lines that are whole: each is looked at once."""
    search = seen.rules.restarts
    whole = text[: text.rfind(b"\n") + 1] if search is not None else b""
    found = search.find(whole) if search is not None else None
    while found:
        assert search is not None
        seen = replace(seen, banners=seen.banners + 1)
        if seen.banners > seen.rules.machine.reboots + 1:
            line = boot_words.line_at(whole, found.start())
            return replace(seen, verdict=boot_words.reset_loop(seen, f"`{line}` again"))
        found = search.find(whole, found.end())
    return seen


def _reset(seen: Seen, event: MachineReset) -> Seen:
    """A reset by the guest: more than it may make is a loop."""
    if not event.by_guest:
        return seen
    seen = replace(seen, resets=seen.resets + 1)
    if seen.resets <= seen.rules.machine.reboots:
        return seen
    how = f"reset {seen.resets} times, at last by {event.reason}"
    return replace(seen, verdict=boot_words.reset_loop(seen, how))


def _time(seen: Seen) -> Seen:
    """What follows from nothing more than that it is so late."""
    if seen.verdict is not None:
        return seen
    if seen.ending:
        return replace(seen, verdict=_given_up(seen)) if seen.at >= seen.ending.until else seen
    if seen.booted:
        return seen if seen.rules.stay else replace(seen, verdict=boot_words.passed(seen))
    late = seen.deadline is not None and seen.at >= seen.deadline
    looking = seen.waiting_for is not None or seen.rules.machine.power_off
    wanted: Literal["", "glance", "look"] = "look" if late else "glance" if seen.at >= seen.look_at else ""
    return replace(seen, wants_cpus=wanted if looking else "")


def _sampled(seen: Seen, cpus: CpusSampled, glance: bool) -> Seen:
    late = seen.deadline is not None and seen.at >= seen.deadline and not glance
    if late and seen.at - seen.last_output < STILL * min(1.0, seen.slowness):
        if boot_words.repeats(seen):
            return replace(seen, verdict=boot_words.flood(seen))
        reason = f"the console goes on, and {boot_words.awaited(seen)} was not on it in time"
        return replace(seen, verdict=boot_words.never_reported(seen, reason))
    if late or cpus.state == "dead":
        return replace(seen, verdict=boot_words.silent(seen, cpus))
    # It may still come: look again after as long a silence as there has been.
    return replace(seen, look_at=seen.at + max(seen.at - seen.last_output, seen.rules.machine.quiet))


def _given_up(seen: Seen) -> Verdict:
    assert seen.ending is not None
    return boot_words.gave_up(seen, seen.ending.outcome, seen.ending.line)


def _ended(seen: Seen, end: MachineEnded) -> Seen:
    complete = seen.waiting_for is None
    if end.how == "not-started":
        verdict = boot_words.not_started(seen, end)
    elif seen.ending:
        verdict = _given_up(seen)
    elif end.how == "powered-off":
        reason = "the machine switched itself off"
        verdict = boot_words.passed(seen) if complete else boot_words.never_reported(seen, reason)
    elif end.how in ("closed", "stopped") and complete and not seen.rules.machine.power_off:
        verdict = boot_words.passed(seen)
    else:
        verdict = boot_words.crashed(seen, end)
    return replace(seen, verdict=verdict)


def explain(failures: Sequence[KnownFailure], seen: Seen) -> tuple[tuple[KnownFailure, str], ...]:
    """The known failures that the last of the console shows, each with the line; the surest first."""
    order = ("certain", "likely", "possible")
    text = console_text.COMMANDS.sub(b"", seen.tail.replace(b"\r\n", b"\n"))
    found = []
    for row in failures:
        if row.early and seen.reached:
            continue
        match = re.search(row.pattern.encode(), text, re.MULTILINE)
        if match and match[0].strip().count(b"\n") < row.lines:
            found.append((row, boot_words.line_at(text, match.start())))
    return tuple(sorted(found, key=lambda pair: order.index(pair[0].confidence)))


def judge_command(seen: Seen, answer: Answer, status: int, texts: Sequence[str]) -> Verdict:
    """A command given at the prompt: it must end, with this status, and its output must hold these texts."""
    if seen.verdict is not None or seen.ending is not None:
        end = close(seen)
        return replace(end, detail=f"during the command: {end.detail}")
    if not answer.ended:
        return Verdict("limit", f"still running after {answer.seconds:.1f} s")
    for text in texts:
        if text not in answer.output:
            return Verdict("wrong", f"its output lacks {text!r}")
    if answer.status is None:
        told = "its output is as expected" if texts else "it came back to the prompt"
        return Verdict("passed", f"{told}; the shell tells no exit status")
    if answer.status != status:
        return Verdict("wrong", f"exit status {answer.status}, expected {status}")
    return Verdict("passed", f"exit status {answer.status}")


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict over several boots: theirs where they agree; `flaky`, with the counts, where they do not."""
    if len(verdicts) == 1:
        return verdicts[0]
    counts = Counter(each.outcome for each in verdicts)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    if len(counts) == 1:
        return replace(verdicts[0], detail=f"{told}; {verdicts[0].detail}")
    return Verdict("flaky", f"{told} of {len(verdicts)} boots")
