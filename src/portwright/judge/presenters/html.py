"""The report as one HTML file that needs nothing else: no network, no script, no font.

It is read in light and dark, by keyboard, on paper and by screen readers; a colour never says what no word says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portwright.judge import page_boots, page_tests
from portwright.judge.markup import Child, Html, identifier, join, tag
from portwright.judge.page_pieces import (
    badge,
    build_times,
    document,
    facts,
    folded,
    heading,
    listed,
    moment,
    quoted,
    seconds,
    sign,
    table,
    verdict_badge,
)
from portwright.judge.report import TITLES, WORDS, Part, Past, Report, State, Up

SUFFIX = ".html"
MOST_SQUARES = 30
OVERALL: dict[str, State] = {"passed": "passed", "failed": "failed", "incomplete": "incomplete"}


def present(report: Report) -> str:
    """The whole file."""
    return document(
        f"{report.port}: {report.outcome} – portwright report",
        ("To the results", "#results"),
        _top(report),
        tag("main", *_sections(report), id="results", tabindex="-1"),
        _foot(report),
    )


def _top(report: Report) -> Html:
    state = OVERALL[report.outcome]
    headline = tag("p", sign(state), tag("strong", report.headline), class_=f"headline {state}")
    cards = [_card(part) for part in report.parts]
    return tag(
        "header",
        tag("p", "portwright report", class_="brow"),
        tag("h1", report.port),
        tag("p", report.summary, class_="lead"),
        headline,
        tag("nav", *cards, aria_label="Parts of the report", class_="cards"),
    )


def _card(part: Part) -> Html:
    number: Child = "–"
    if part.at and not part.faults:
        number = join(f"{part.passed:,}", tag("small", f" of {part.total:,} passed"))
    when = join("run ", moment(part.at)) if part.at else part.told
    return tag(
        "a",
        tag("span", part.title, class_="name"),
        badge(part.state),
        tag("span", number, class_="big"),
        tag("span", _split(part), class_="split"),
        tag("span", when, class_="quiet"),
        href=f"#{part.verb}",
        class_=f"card {part.state}",
    )


def _split(part: Part) -> str:
    if not part.at or part.faults:
        return "no result" if part.at else "not run"
    told = [f"{part.failed:,} failed" if part.failed else "none failed"]
    told += [f"{part.expected:,} expected not to pass"] if part.expected else []
    told += [f"{part.not_run:,} not run"] if part.not_run else []
    return ", ".join(told)


def _sections(report: Report) -> Iterator[Html]:
    yield from _news(report)
    for part in report.parts:
        body: list[Child] = [heading(2, part.title, part.verb)]
        body.append(tag("p", badge(part.state), " ", part.told, class_="said"))
        if part.faults:
            body.append(folded("What stood in the way", quoted("\n\n".join(part.faults)), opened=True))
        if part.verb == "up" and report.up is not None:
            body += _criteria(report.up)
        elif part.verb == "conformance" and report.conformance is not None:
            body.append(page_tests.section(report.conformance))
        elif part.verb == "boot" and report.boots:
            body += [page_boots.section(boot) for boot in report.boots]
        if part.state == "never-run":
            body.append(tag("p", "To run it: ", tag("code", part.command), class_="quiet"))
        yield tag("section", *body, aria_labelledby=part.verb)
    if report.history:
        yield _history(report.history)


def _news(report: Report) -> Iterator[Html]:
    """What changed against the run before, first of all."""
    newest = [past for past in report.history if past.newest]
    worse = [(past.verb, name) for past in newest for name in past.worse]
    better = [(past.verb, name) for past in newest for name in past.better]
    if not worse and not better:
        return
    body: list[Child] = [heading(2, "What changed", "changed")]
    for title, state, rows in (("Worse", "failed", worse), ("Better", "passed", better)):
        if rows:
            listing = listed(join(f"{TITLES[verb]}: ", tag("code", name)) for verb, name in rows)
            group = (badge(state, f"{title}: {len(rows)}"), listing)  # type: ignore[arg-type]
            body.append(tag("div", *group, class_="change"))
    yield tag("section", *body, aria_labelledby="changed")


def _criteria(up: Up) -> Iterator[Html]:
    yield facts(
        ("begun", moment(up.about.at)),
        ("engine", up.engine),
        ("ledger", up.ledger),
        ("seed", str(up.seed)),
        ("toolchain", up.toolchain),
        ("took", seconds(up.seconds)),
        ("options", tag("code", " ".join(up.about.called)) if up.about.called else None),
    )
    rows = [
        (
            verdict_badge(row.verdict.outcome),
            row.name,
            row.criterion,
            row.verdict.detail,
            seconds(row.seconds) if row.verdict.outcome != "not-run" else "–",
        )
        for row in up.rows
    ]
    heads = ("verdict", "name", "criterion", "what was seen", "took")
    yield table("Criteria and verdicts", heads, rows, numbers=(4,), head_column=1)
    for row in up.rows:
        if row.verdict.evidence and not row.verdict.passed:
            title = join(verdict_badge(row.verdict.outcome), " ", tag("code", row.name), ": what was seen")
            anchor = identifier("criterion", row.name)
            yield tag("div", folded(title, quoted(row.verdict.evidence), opened=True), id=anchor)
    times = build_times(up.about.spans, up.seconds)
    if times is not None:
        yield folded(f"What took how long ({len(up.about.spans)} parts)", times, opened=True)


def _history(history: Sequence[Past]) -> Html:
    body: list[Child] = [heading(2, "History", "history")]
    for verb in dict.fromkeys(past.verb for past in history):
        rows = [past for past in history if past.verb == verb]
        body.append(heading(3, TITLES[verb], f"history-{verb}"))
        body.append(_squares(rows))
        cells = [
            (
                moment(past.at),
                badge(past.state),
                past.told,
                past.like,
                seconds(past.seconds) if past.seconds else "–",
                _names(past.better),
                _names(past.worse),
            )
            for past in rows
        ]
        heads = ("run", "state", "result", "way", "took", "better", "worse")
        caption = f"Runs of portwright {verb}, the newest first"
        body.append(table(caption, heads, cells, numbers=(4,)))
    return tag("section", *body, aria_labelledby="history")


def _squares(rows: Sequence[Past]) -> Html:
    """The runs as signs in a row, the newest at its right end."""
    shown = list(reversed(rows[:MOST_SQUARES]))
    label = "Oldest to newest: " + ", ".join(WORDS[past.state] for past in shown)
    return tag("p", *(sign(past.state) for past in shown), class_="squares", role="img", aria_label=label)


def _names(names: Sequence[str]) -> Child:
    if not names:
        return "–"
    if len(names) <= 2:
        return join(*(piece for name in names for piece in (tag("code", name), " ")))
    return folded(str(len(names)), listed(tag("code", name) for name in names))


def _foot(report: Report) -> Html:
    lost = f" {report.unread} records of older runs could not be read." if report.unread else ""
    said = (
        "Made by portwright from the records of past runs; nothing was run for it."
        f"{lost} This file loads nothing and runs no script."
    )
    return tag("footer", tag("p", said))
