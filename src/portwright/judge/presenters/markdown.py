"""The report as Markdown, for a comment on a pull request.

What guests said stands in code spans and fenced blocks alone: there it can neither mention people nor make links.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from portwright.base.visible import one_line, shortened, visible
from portwright.judge.report import TITLES, WORDS, Boot, Conformance, Past, Report, Row, State

SUFFIX = ".md"
SIGNS: dict[State, str] = {
    "passed": "✅",
    "failed": "❌",
    "incomplete": "🟡",
    "undecided": "❔",
    "never-run": "⚪",
    "no-machine": "➖",
}
MOST_EVIDENCE = 4000
MOST_FAILURES = 50
MOST_RUNS = 5


def present(report: Report) -> str:
    """The text."""
    return "\n".join(_lines(report)).rstrip("\n") + "\n"


def code(text: str) -> str:
    """A code span that holds any text, in a table too."""
    line = one_line(text)
    if not line:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}".replace("|", "\\|")


def words(text: str) -> str:
    """Text as it is, whatever signs it has, and no link of it."""
    line = re.sub(
        r"([\\`*{}\[\]<>()#+!|~&@$]|(?<!\w)_|_(?!\w))", lambda sign: f"&#{ord(sign[1])};", one_line(text)
    )
    return re.sub(r"(?i)(www)\.", r"\1&#46;", line.replace("://", "&#58;//"))


def _name(text: str) -> str:
    """A name in a summary, which is HTML: there neither links nor mentions are made of code."""
    return f"<code>{html.escape(one_line(text))}</code>"


def _block(text: str) -> list[str]:
    body = visible(shortened(text, MOST_EVIDENCE))
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", body)), default=0) + 1)
    return [f"{fence}text", *body.splitlines(), fence]


def _folded(title: str, body: Sequence[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *body, "", "</details>", ""]


def _lines(report: Report) -> Iterator[str]:
    sign = {"passed": "✅", "failed": "❌", "incomplete": "🟡"}[report.outcome]
    yield f"## {sign} {words(report.port)}: {words(report.headline)}"
    yield ""
    yield words(report.summary)
    yield ""
    yield from ("| | part | result | run |", "|---|---|---|---|")
    for part in report.parts:
        when = part.at or code(part.command)
        yield f"| {SIGNS[part.state]} {WORDS[part.state]} | {part.title} | {words(part.told)} | {when} |"
    yield ""
    for part in report.parts:
        if part.faults:
            yield from _folded(f"{part.title}: why there is no result", _block("\n".join(part.faults)))
    yield from _news(report.history)
    if report.up is not None:
        yield from _table(TITLES["up"], report.up.rows)
    if report.conformance is not None:
        yield from _tests(report.conformance)
    for boot in report.boots:
        yield from _boot(boot)
    yield from _history(report.history)
    if report.unread:
        yield f"{report.unread} records of older runs could not be read."


def _news(history: Sequence[Past]) -> Iterator[str]:
    newest = [past for past in history if past.newest]
    for title, rows in (
        ("Worse than before", [(past.verb, name) for past in newest for name in past.worse]),
        ("Better than before", [(past.verb, name) for past in newest for name in past.better]),
    ):
        if rows:
            yield f"**{title}**"
            yield ""
            yield from (f"- {verb}: {code(name)}" for verb, name in rows)
            yield ""


def _table(title: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"### {words(title)}"
    yield ""
    yield from ("| verdict | criterion | | seconds |", "|---|---|---|---:|")
    for row in rows:
        told = " ".join(filter(None, (words(row.criterion), code(row.verdict.detail))))
        sign = SIGNS["passed" if row.verdict.passed else _state(row)]
        yield f"| {sign} {row.verdict.outcome} | {code(row.name)} | {told} | {row.seconds:.2f} |"
    yield ""
    for row in rows:
        if row.verdict.evidence and not row.verdict.passed:
            yield from _folded(f"{_name(row.name)}: what was seen", _block(row.verdict.evidence))


def _state(row: Row) -> State:
    return "never-run" if row.verdict.outcome == "not-run" else "failed"


def _tests(found: Conformance) -> Iterator[str]:
    yield f"### {TITLES['conformance']}"
    yield ""
    yield f"On {words(found.on)}, panic={words(found.panic)}, {words(found.toolchain)}, seed {found.seed}."
    yield ""
    yield from (
        "| suite | passed | failed | crashed | hung | not run | ignored | % |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    )
    for suite in found.suites:
        c = suite.counts
        if suite.error:
            yield f"| {words(suite.name)} | {code(suite.error)} | | | | | | |"
        elif c.run or c.ignored:
            share = f"{c.share:.2f}" if c.run else ""
            cells = (c.passed, c.failed, c.crashed, c.hung, c.not_run, c.ignored, share)
            yield f"| {words(suite.name)} | {' | '.join(map(str, cells))} |"
    yield ""
    for failure in [each for each in found.failures if each.reason is None][:MOST_FAILURES]:
        title = f"❌ {failure.result}: {_name(f'{failure.suite} {failure.test}')}"
        yield from _folded(title, _block(failure.detail))
    unexpected = sum(each.reason is None for each in found.failures)
    more = max(0, unexpected - MOST_FAILURES) + found.more_failures
    if more:
        yield f"... and {more:,} more failures."
        yield ""
    known = [each for each in found.failures if each.reason is not None]
    if known:
        rows = [f"- {code(f'{each.suite} {each.test}')}: {words(each.reason or '')}" for each in known]
        yield from _folded(f"{len(known)} expected to fail", rows)
    yield from (f"- ❌ expired: {code(line)}" for line in found.expired)
    if found.expired:
        yield ""


def _boot(boot: Boot) -> Iterator[str]:
    yield from _table(f"Boot of {boot.machine}", boot.rows)
    if boot.counts:
        yield ", ".join(f"{number} x {outcome}" for outcome, number in boot.counts.items())
        yield ""
    if boot.milestones:
        yield from ("| at | milestone |", "|---:|---|")
        for step in boot.milestones:
            yield f"| {'not reached' if step.at is None else f'{step.at:.2f} s'} | {code(step.name)} |"
        yield ""
    for known in boot.known:
        yield f"- known failure {code(known.name)} ({words(known.confidence)}): {code(known.line)}"
        yield f"  cause: {words(known.cause)} Cure: {words(known.cure)}"
        yield ""
    if boot.divergence is not None:
        yield from _folded("First difference from the last good boot", _block(boot.divergence.text()))


def _history(history: Sequence[Past]) -> Iterator[str]:
    if len(history) < 2:
        return
    body = ["| run | | | better | worse |", "|---|---|---|---|---|"]
    for verb in dict.fromkeys(past.verb for past in history):
        for past in [each for each in history if each.verb == verb][:MOST_RUNS]:
            sign, like = f"{SIGNS[past.state]} {WORDS[past.state]}", words(past.like)
            changes = f"{len(past.better) or ''} | {len(past.worse) or ''}"
            body.append(f"| {past.verb} {past.at} | {sign} | {words(past.told)} {like} | {changes} |")
    yield from _folded("The last runs", body)
