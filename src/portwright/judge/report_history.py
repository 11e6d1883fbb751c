"""Runs in a row: what each came to, and what got better or worse against the last one that was run in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from portwright.judge.report import Boot, Past, State
from portwright.judge.run_records import Record

UNDECIDED = ("not-run", "could-not-run")
MOST_NAMES = 40


def of(runs: Mapping[str, Sequence[Record]]) -> tuple[Past, ...]:
    """The history of all verbs, newest first within each; `runs` is newest first too."""
    return tuple(past for verb in runs for past in _of_one(runs[verb]))


def _of_one(records: Sequence[Record]) -> Iterator[Past]:
    entries = [entry(record) for record in records]
    for number, (record, past) in enumerate(zip(records, entries, strict=True)):
        before = next(
            (older for older in records[number + 1 :] if older.result and _like(older) == _like(record)), None
        )
        better, worse = _changes(before, record) if before is not None and record.result else ((), ())
        yield replace(past, better=better, worse=worse, newest=number == 0)


def entry(record: Record) -> Past:
    """One run in a line."""
    if record.result is None:
        state: State = "failed" if record.status == 1 else "undecided"
        told = record.faults[0].splitlines()[0] if record.faults and record.faults[0] else "no result"
        return Past(record.verb, record.at, state, told, "", 0, 0, 0.0)
    passed, total = _numbers(record)
    seconds = _seconds(record)
    told = _told(record, passed, total)
    return Past(record.verb, record.at, _state(record), told, _like(record), passed, total, seconds)


def _like(record: Record) -> str:
    """In which way it was run; only runs that are alike in this are compared."""
    result = record.result or {}
    named = [
        str(result[key]) if key != "panic" else f"panic={result[key]}"
        for key in ("machine", "engine", "on", "panic")
        if result.get(key)
    ]
    named += [f"ledger {result['ledger']}"] if result.get("ledger") else []
    named += [option for option in record.called if option.startswith("--transcript ")]
    return ", ".join(named)


def _rows(record: Record) -> dict[str, str]:
    """Name -> outcome of the criteria of `up`, or those of the boots of one call: of several the worst counts."""
    result = record.result or {}
    found: dict[str, str] = {}
    for run in result.get("runs", [result]):
        for row in run.get("rows", ()):
            name, outcome = row["name"], row["verdict"]["outcome"]
            if found.get(name, "passed") == "passed":
                found[name] = outcome
    return found


def _counts(record: Record) -> dict[str, int]:
    found: dict[str, int] = {}
    for suite in (record.result or {}).get("suites", ()):
        for name, number in suite["counts"].items():
            found[name] = found.get(name, 0) + int(number)
    return found


def _numbers(record: Record) -> tuple[int, int]:
    if record.verb == "conformance":
        counts = _counts(record)
        return counts.get("passed", 0), sum(counts.values()) - counts.get("ignored", 0)
    rows = _rows(record)
    return sum(outcome == "passed" for outcome in rows.values()), len(rows)


def failed(record: Record) -> tuple[int, int]:
    """(what was judged wrong, what was not run though it should have been) of a record with a result."""
    if record.verb == "conformance":
        result = record.result or {}
        results = [row["result"] for row in result["failures"] if row.get("reason") is None]
        not_run = results.count("not-run")
        lost = sum(bool(suite.get("error")) for suite in result["suites"])
        return len(results) - not_run + lost + len(result["expired"]), not_run
    outcomes = list(_rows(record).values())
    not_run = sum(outcome in UNDECIDED for outcome in outcomes)
    return len(outcomes) - outcomes.count("passed") - not_run, not_run


def expected(record: Record) -> int:
    """Failures for which there is a reason."""
    return sum(row.get("reason") is not None for row in (record.result or {}).get("failures", ()))


def _state(record: Record) -> State:
    if record.status == 1:
        return "failed"
    if record.status != 0:
        return "undecided"
    passed, total = _numbers(record)
    if record.narrowed or total == 0 or (record.verb != "conformance" and passed < total):
        return "incomplete"
    return "passed"


def _told(record: Record, passed: int, total: int) -> str:
    if record.verb != "conformance":
        text = f"{passed} of {total} criteria passed"
        not_run = failed(record)[1]
        text += f", {not_run} not run" if not_run else ""
    else:
        text = f"{passed:,} of {total:,} tests passed"
        known = expected(record)
        text += f", {known} expected to fail" if known else ""
        lost = [suite["name"] for suite in (record.result or {})["suites"] if suite.get("error")]
        text += f"; no result of {', '.join(lost)}" if lost else ""
        expired = len((record.result or {})["expired"])
        text += (
            f"; {expired} expected failure{'s' if expired > 1 else ''} no longer needed" if expired else ""
        )
    return f"{text} (only {', '.join(record.narrowed)})" if record.narrowed else text


def _seconds(record: Record) -> float:
    result = record.result or {}
    return float(result.get("seconds") or sum(run["seconds"] for run in result.get("runs", ())))


def boot_state(boot: Boot) -> State:
    """The state of one machine's last boot."""
    outcomes = [boot.verdict.outcome, *(row.verdict.outcome for row in boot.rows)]
    if any(outcome not in ("passed", *UNDECIDED) for outcome in outcomes):
        return "failed"
    if boot.verdict.outcome in UNDECIDED or "could-not-run" in outcomes:
        return "undecided"
    return "incomplete" if "not-run" in outcomes or not boot.how else "passed"


def boot_told(boot: Boot) -> str:
    """One machine's last boot in a few words."""
    reached = sum(each.at is not None for each in boot.milestones)
    shown = "" if boot.how else " (a recorded console)"
    text = f"{boot.machine}{shown}: {boot.verdict.outcome}, {reached} of {len(boot.milestones)} milestones"
    not_run = sum(row.verdict.outcome == "not-run" for row in boot.rows)
    return f"{text}, {not_run} of {len(boot.rows)} criteria not run" if not_run else text


def _changes(before: Record, now: Record) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(what passes now and did not, what passed and does not now)."""
    if now.verb == "conformance":
        compared: Mapping[str, Any] = (now.result or {}).get("compared") or {}
        return _few(compared.get("mended", ())), _few(compared.get("worse", ()))
    old, new = _rows(before), _rows(now)
    both = [name for name in new if name in old]
    better = [name for name in both if old[name] != "passed" and new[name] == "passed"]
    worse = [name for name in both if old[name] == "passed" and new[name] != "passed"]
    return _few(better), _few(worse)


def _few(names: Sequence[str]) -> tuple[str, ...]:
    more = len(names) - MOST_NAMES
    return (*names[:MOST_NAMES], f"and {more:,} more") if more > 0 else tuple(names)
