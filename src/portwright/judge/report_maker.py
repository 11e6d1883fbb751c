"""Makes the report's value from records of runs: pure, and never a better word for a run than its record has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from portwright.base.plain import plain
from portwright.base.visible import everywhere, shortened
from portwright.judge import report_history
from portwright.judge.conformance import Against, Counts
from portwright.judge.conformance_record import total
from portwright.judge.report import (
    TITLES,
    About,
    Boot,
    Conformance,
    Milestone,
    Part,
    Report,
    State,
    Up,
)
from portwright.judge.run_records import Record

MOST_FAILURES = 300
FULL_FAILURES = 40
MOST_NAMES = 40


class Read(NamedTuple):
    """The records of one verb, newest first, and how many could not be read."""

    records: Sequence[Record]
    unread: int = 0


def make(port: str, summary: str, name: str, runs: Mapping[str, Read], machines: Sequence[str]) -> Report:
    """The report on a port. `name` is what it is called on a command line; `runs` has a key for each verb to report."""
    read = {verb: Read(*_clean(found)) for verb, found in runs.items()}
    up, conformance = None, None
    boots: tuple[Boot, ...] = ()
    lost = sum(found.unread for found in read.values())
    newest = {verb: found.records[0] for verb, found in read.items() if found.records}
    if "up" in newest and newest["up"].result is not None:
        up = _up(newest["up"])
    if "conformance" in newest and newest["conformance"].result is not None:
        conformance = _conformance(newest["conformance"])
    if "boot" in newest:
        boots = _boots(read["boot"].records)
    parts = tuple(_part(verb, name, newest.get(verb), boots, machines) for verb in TITLES if verb in runs)
    history = report_history.of({verb: found.records for verb, found in read.items()})
    return Report(port, summary, _outcome(parts), parts, up, conformance, boots, history, lost)


def _outcome(parts: Sequence[Part]) -> Literal["passed", "failed", "incomplete"]:
    states = {part.state for part in parts} - {"no-machine"}
    if "failed" in states:
        return "failed"
    return "passed" if states == {"passed"} else "incomplete"


def _clean(read: Read) -> tuple[list[Record], int]:
    """The records that hold what they must, with every text visible."""
    found, unread = [], read.unread
    for record in read.records:
        try:
            clean = _adapter(Record).validate_python(everywhere(plain(record)))
            if clean.result is not None:
                {"up": _up, "conformance": _conformance, "boot": _boot}[clean.verb](clean)
        except (ValidationError, KeyError, TypeError, ValueError, AttributeError, IndexError):
            unread += 1
        else:
            found.append(clean)
    return found, unread


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _about(record: Record) -> Any:
    return plain(About(record.at, record.called, record.narrowed, record.spans))


def _up(record: Record) -> Up:
    found: Up = _adapter(Up).validate_python({**(record.result or {}), "about": _about(record)})
    return found


def _conformance(record: Record) -> Conformance:
    given = record.result or {}
    counts = total(_adapter(Counts).validate_python(suite["counts"]) for suite in given["suites"])
    values = {
        **given,
        "about": _about(record),
        "counts": plain(counts),
    }
    found: Conformance = _adapter(Conformance).validate_python(values)
    ordered = sorted(found.failures, key=lambda each: each.reason is not None)
    failures = [
        replace(each, detail=shortened(each.detail, 4000 if number < FULL_FAILURES else 300))
        for number, each in enumerate(ordered[:MOST_FAILURES])
    ]
    against = tuple(_few_names(each) for each in found.against)
    left = len(ordered) - len(failures)
    return replace(found, failures=tuple(failures), against=against, more_failures=left)


def _few_names(row: Against) -> Against:
    """Lists of names may be as long as a suite: some are enough, and how many there are the counts say."""
    return replace(row, missing=_few(row.missing), absent=_few(row.absent))


def _few(names: tuple[str, ...]) -> tuple[str, ...]:
    more = len(names) - MOST_NAMES
    return (*names[:MOST_NAMES], f"and {more:,} more") if more > 0 else names


def _boots(records: Sequence[Record]) -> tuple[Boot, ...]:
    """The newest of each machine."""
    found: dict[str, Boot] = {}
    for record in records:
        if record.result is not None:
            found.setdefault(record.result["machine"], _boot(record))
    return tuple(found[name] for name in sorted(found))


def _boot(record: Record) -> Boot:
    result = record.result or {}
    runs = result["runs"]
    bad = [number for number, run in enumerate(runs) if not _went_well(run)]
    chosen = bad[0] if bad else len(runs) - 1
    run = runs[chosen]
    reached = [Milestone(each["name"], each["at"]) for each in run["milestones"]]
    ahead = [Milestone(name, None) for name in run.get("missing", ())]
    counts = Counter(each["rows"][0]["verdict"]["outcome"] for each in runs)
    consoles = record.more.get("consoles", {})
    values = {
        **run,
        "about": _about(record),
        "machine": result["machine"],
        "verdict": result["verdict"],
        "milestones": [{"name": each.name, "at": each.at} for each in (*reached, *ahead)],
        "console": consoles.get(str(chosen), {}),
        "counts": dict(counts) if len(runs) > 1 else {},
    }
    found: Boot = _adapter(Boot).validate_python(values)
    return found


def _went_well(run: Mapping[str, Any]) -> bool:
    return all(row["verdict"]["outcome"] in ("passed", "not-run") for row in run["rows"])


def _part(
    verb: str, name: str, newest: Record | None, boots: Sequence[Boot], machines: Sequence[str]
) -> Part:
    title, command = TITLES[verb], f"portwright {verb} {name}"
    if newest is None and verb == "boot" and not machines:
        return Part(verb, title, "no-machine", "the port has no machine to boot", command)
    if newest is None:
        return Part(verb, title, "never-run", "there is no record of a run", command)
    if newest.result is None:
        state: State = "failed" if newest.status == 1 else "undecided"
        told = "its last run came to no result"
        return Part(verb, title, state, told, command, newest.at, faults=newest.faults)
    if verb == "boot":
        return _boot_part(title, command, newest, boots, machines)
    past = report_history.entry(newest)
    numbers = (past.passed, *report_history.failed(newest), report_history.expected(newest))
    return Part(verb, title, past.state, past.told, command, newest.at, *numbers)


def _boot_part(
    title: str, command: str, newest: Record, boots: Sequence[Boot], machines: Sequence[str]
) -> Part:
    """Over all machines: the newest boot of each."""
    rows = [row for boot in boots for row in boot.rows]
    passed = sum(row.verdict.passed for row in rows)
    not_run = sum(row.verdict.outcome in report_history.UNDECIDED for row in rows)
    failed = len(rows) - passed - not_run
    absent = sorted(set(machines) - {boot.machine for boot in boots})
    states = [report_history.boot_state(boot) for boot in boots]
    order: tuple[State, ...] = ("failed", "undecided", "incomplete")
    worst: State = next((state for state in order if state in states), "passed")
    if absent and worst == "passed":
        worst = "incomplete"
    told = "; ".join(report_history.boot_told(boot) for boot in boots)
    told += "".join(f"; {name}: never booted" for name in absent)
    return Part("boot", title, worst, told, command, newest.at, passed, failed, not_run)
