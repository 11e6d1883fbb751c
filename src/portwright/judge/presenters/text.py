"""The report as plain text, for a terminal: the parts, what is wrong, and what changed."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.visible import one_line, visible
from portwright.judge.report import WORDS, Boot, Conformance, Past, Report

SUFFIX = ".txt"
MOST_RUNS = 5


def present(report: Report) -> str:
    """The text."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield f"{one_line(report.port)}: {one_line(report.summary)}"
    yield one_line(report.headline)
    yield ""
    word = max((len(WORDS[part.state]) for part in report.parts), default=0)
    title = max((len(part.title) for part in report.parts), default=0)
    for part in report.parts:
        when = f"  ({part.at})" if part.at else f"  ({part.command})"
        yield f"{WORDS[part.state]:{word}}  {part.title:{title}}  {one_line(part.told)}{when}"
        for fault in part.faults:
            yield from (f"    {line}" for line in visible(fault).splitlines())
    yield from _criteria(report)
    if report.conformance is not None:
        yield from _tests(report.conformance)
    for boot in report.boots:
        yield from _boot(boot)
    yield from _history(report.history)
    if report.unread:
        yield f"\n{report.unread} records of older runs could not be read"


def _criteria(report: Report) -> Iterator[str]:
    bad = [row for row in report.up.rows if not row.verdict.passed] if report.up else []
    for row in bad:
        yield f"\n{row.verdict.outcome}: {one_line(row.name)}: {one_line(row.verdict.detail)}"
        yield from (f"    {line}" for line in visible(row.verdict.evidence).splitlines())


def _tests(found: Conformance) -> Iterator[str]:
    yield ""
    for suite in found.suites:
        counts = suite.counts
        if suite.error:
            yield f"{suite.name}: {one_line(suite.error)}"
        elif counts.run:
            yield f"{suite.name}: {counts.passed:,} of {counts.run:,} tests passed ({counts.share:.2f} %)"
    for failure in found.failures:
        reason = f" (expected: {one_line(failure.reason)})" if failure.reason is not None else ""
        yield f"{failure.result}: {one_line(failure.suite)} {one_line(failure.test)}{reason}"
    if found.more_failures:
        yield f"... and {found.more_failures:,} more"
    for line in found.expired:
        yield f"expired: {one_line(line)}"


def _boot(boot: Boot) -> Iterator[str]:
    yield f"\n{one_line(boot.machine)}: {one_line(boot.how)}"
    for step in boot.milestones:
        at = f"{step.at:8.2f} s" if step.at is not None else "not reached"
        yield f"  {at:>11}  {one_line(step.name)}"
    for row in boot.rows:
        yield f"  {row.verdict.outcome}: {one_line(row.name)}: {one_line(row.verdict.detail)}"
    for known in boot.known:
        yield f"  known failure {one_line(known.name)}: {one_line(known.cause)} Cure: {one_line(known.cure)}"
    if boot.divergence is not None:
        yield "  first difference from the last good boot:"
        yield from (f"    {line}" for line in visible(boot.divergence.text()).splitlines())


def _history(history: tuple[Past, ...]) -> Iterator[str]:
    for verb in dict.fromkeys(past.verb for past in history):
        rows = [past for past in history if past.verb == verb]
        yield f"\nthe last runs of `{verb}`, of {len(rows)}:"
        for past in rows[:MOST_RUNS]:
            like = f" ({one_line(past.like)})" if past.like else ""
            yield f"  {past.at}  {WORDS[past.state]}: {one_line(past.told)}{like}"
            for sign, names in (("better", past.better), ("worse", past.worse)):
                if names:
                    yield f"    {sign}: {', '.join(map(one_line, names))}"
