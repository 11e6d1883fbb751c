"""The part of the HTML report that is about Rust's own tests: by suite, by module, failures by name, against the host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portwright.judge.conformance import Counts, Failure
from portwright.judge.markup import Child, Html, identifier, join, tag
from portwright.judge.page_pieces import (
    badge,
    build_times,
    facts,
    folded,
    moment,
    names,
    quoted,
    seconds,
    table,
)
from portwright.judge.report import Conformance, State, Suite

COLUMNS = ("passed", "failed", "crashed", "hung", "not_run", "ignored")
HEADS = tuple(name.replace("_", " ") for name in COLUMNS)
OPENED = 3
"""So many failures are shown open."""


def section(found: Conformance) -> Html:
    """All of it."""
    parts: list[Child] = [
        facts(
            ("begun", moment(found.about.at)),
            ("on", found.on),
            ("panic", found.panic),
            ("ledger", found.ledger),
            ("seed", str(found.seed)),
            ("toolchain", found.toolchain),
            ("took", seconds(found.seconds)),
            ("options", tag("code", " ".join(found.about.called)) if found.about.called else None),
        ),
        _suites(found),
        *_expired(found),
        *_failures(found),
        *_against(found),
        *_modules(found.suites),
    ]
    times = build_times(found.about.spans, found.seconds)
    if times is not None:
        parts.append(folded(f"What took how long ({len(found.about.spans)} parts)", times))
    return join(*parts)


def _state(counts: Counts, expected: int = 0) -> State:
    bad = counts.run - counts.passed
    if bad > expected:
        return "failed"
    return "passed" if counts.passed else "never-run"


def _numbers(counts: Counts) -> list[Child]:
    return [
        f"{value:,}" if (value := getattr(counts, name)) else tag("span", "0", class_="zero")
        for name in COLUMNS
    ]


def _suites(found: Conformance) -> Html:
    rows: list[list[Child]] = []
    empty = [row.name for row in found.suites if not (row.error or row.counts.run or row.counts.ignored)]
    for row in found.suites:
        if row.name in empty:
            continue
        if row.error:
            rows.append([row.name, badge("undecided", "no result"), *["–"] * 8])
            continue
        expected = sum(each.suite == row.name and each.reason is not None for each in found.failures)
        word = f"{expected} expected" if expected and _state(row.counts, expected) == "passed" else ""
        state = badge(_state(row.counts, expected), word and f"passed, {word}")
        share = f"{row.counts.share:.2f}" if row.counts.run else "–"
        rows.append([row.name, state, *_numbers(row.counts), share, seconds(row.seconds)])
    rows.append(["all", "", *_numbers(found.counts), f"{found.counts.share:.2f}", seconds(found.seconds)])
    heads = ("suite", "verdict", *HEADS, "%", "took")
    made = table("Tests by suite", heads, rows, numbers=range(2, 10), class_="sums")
    errors = [
        folded(join("Why ", tag("code", row.name), " has no result"), quoted(row.error), opened=True)
        for row in found.suites
        if row.error
    ]
    left = tag("p", f"Without a test on this target: {', '.join(empty)}.", class_="quiet") if empty else None
    return join(made, left, *errors)


def _modules(suites: Sequence[Suite]) -> Iterator[Html]:
    """A table of modules per suite that has several, the worst first."""
    shown = [suite for suite in suites if len(suite.modules) > 1]
    if not shown:
        return
    yield tag("h3", "By module of std", id="modules")
    for suite in shown:
        ordered = sorted(suite.modules.items(), key=lambda item: (item[1].passed - item[1].run, item[0]))
        rows: list[list[Child]] = []
        for name, counts in ordered:
            share = f"{counts.share:.2f}" if counts.run else "–"
            rows.append([tag("code", name), *_numbers(counts), share])
        bad = sum(counts.passed < counts.run for counts in suite.modules.values())
        word = f"{bad} with tests that did not pass" if bad else "in none did a test not pass"
        title = join(tag("code", suite.name), f": {len(suite.modules)} modules, {word}")
        heads = ("module", *HEADS, "%")
        yield folded(title, table(f"Modules of {suite.name}", heads, rows, numbers=range(1, 8)))


def _failures(found: Conformance) -> Iterator[Html]:
    unexpected = [each for each in found.failures if each.reason is None]
    known = [each for each in found.failures if each.reason is not None]
    if unexpected:
        yield tag("h3", f"Did not pass: {len(unexpected) + found.more_failures:,}", id="failures")
        yield from (_failure(each, number < OPENED) for number, each in enumerate(unexpected))
    if found.more_failures:
        yield tag("p", f"And {found.more_failures:,} more, which are not listed here.", class_="quiet")
    if known:
        rows = [(tag("code", f"{each.suite} {each.test}"), each.result, each.reason) for each in known]
        caption = f"Expected not to pass: {len(known)}"
        yield folded(caption, table(caption, ("test", "result", "reason"), rows))


def _failure(failure: Failure, opened: bool) -> Html:
    title = join(badge("failed", failure.result), " ", tag("code", f"{failure.suite} {failure.test}"))
    body = quoted(failure.detail) if failure.detail.strip() else tag("p", "It said nothing.", class_="quiet")
    anchor = identifier("test", failure.suite, failure.test)[:120]
    return tag("div", folded(title, body, opened=opened), id=anchor)


def _expired(found: Conformance) -> Iterator[Html]:
    if found.expired:
        yield tag("h3", "Expected failures that are no longer needed", id="expired")
        yield names(found.expired)


def _against(found: Conformance) -> Iterator[Html]:
    if not found.against:
        return
    rows = [
        (
            row.suite,
            f"{row.passed:,} of {row.host_passed:,}",
            ", ".join(row.missing) or "none",
            ", ".join(row.absent) or "none",
        )
        for row in found.against
    ]
    heads = ("suite", "pass here too", "pass only on the host", "not for this target, or ignored")
    yield folded("Against the host", table("What passes on the host", heads, rows))
