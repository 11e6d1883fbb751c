"""Pieces that the HTML report is made of: states with their signs, times, tables, folded texts, small drawings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from portwright.base.spans import Span
from portwright.base.visible import shortened
from portwright.judge.markup import Child, Html, join, tag
from portwright.judge.report import WORDS, State

STYLE = Path(__file__).with_name("report.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
MOST_TEXT = 6000
MOST_SPANS = 40
SHAPES: dict[str, str] = {
    "passed": "M4.6 8.4 7 10.8 11.6 5.4",
    "failed": "M5.2 5.2 10.8 10.8M10.8 5.2 5.2 10.8",
    "incomplete": "M8 1.5A6.5 6.5 0 0 0 8 14.5Z",
    "undecided": "M6 6.2A2 2 0 1 1 8.6 8.1Q8 8.4 8 9.3M8 11.4V11.6",
    "never-run": "",
    "no-machine": "M4.5 8H11.5",
}
STATES: dict[str, State] = {
    "passed": "passed",
    "not-run": "never-run",
    "could-not-run": "undecided",
    "flaky": "failed",
}
"""How verdicts are drawn; all others are failures."""


def document(title: str, skip: tuple[str, str], *body: Child, style: str = "") -> str:
    """The whole file: `skip` is the first link, which leads past the top, its target; `style` follows the common one."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        Html(f"<style>\n{STYLE.read_text(encoding='utf-8')}{style}</style>"),
    )
    words, target = skip
    inside = tag("body", tag("a", words, href=target, class_="skip"), *body)
    return f"<!DOCTYPE html>\n{tag('html', head, inside, lang='en')}\n"


def sign(state: State) -> Html:
    """The sign of a state: its shape says it, its colour only helps."""
    filled = state in ("passed", "failed")
    ring = tag("circle", cx="8", cy="8", r="7.25", class_="disc" if filled else "ring")
    half = state == "incomplete"
    inner = tag("path", d=SHAPES[state], class_="half" if half else "stroke") if SHAPES[state] else None
    return tag(
        "svg", ring, inner, class_=f"sign {state}", viewBox="0 0 16 16", aria_hidden="true", focusable="false"
    )


def badge(state: State, word: str = "") -> Html:
    """A state as a sign and a word."""
    return tag("span", sign(state), tag("span", word or WORDS[state]), class_=f"badge {state}")


def verdict_state(outcome: str) -> State:
    """The state that a verdict's outcome is drawn as."""
    return STATES.get(outcome, "failed")


def verdict_badge(outcome: str) -> Html:
    """An outcome with its sign."""
    return badge(verdict_state(outcome), outcome.replace("-", " "))


def seconds(value: float) -> str:
    """A time for a person."""
    if value >= 120:
        return f"{int(value) // 60} min {int(value) % 60:02} s"
    return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"


def moment(at: str) -> Html:
    """A point in time; UTC is said."""
    shown = f"{at[:10]} {at[11:16]} UTC" if len(at) >= 16 else at
    return tag("time", shown, datetime=at)


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Child]],
    *,
    numbers: Sequence[int] = (),
    head_column: int = 0,
    class_: str = "",
) -> Html:
    """A table whose column `head_column` names its rows; the columns in `numbers` are flush right. It scrolls by
    itself where the page is too narrow for it."""

    def look(column: int) -> str | None:
        return "number" if column in numbers else None

    top = [tag("th", head, scope="col", class_=look(column)) for column, head in enumerate(heads)]
    body = []
    for row in rows:
        cells = [
            tag(
                "th" if column == head_column else "td",
                cell,
                scope="row" if column == head_column else None,
                class_=look(column),
            )
            for column, cell in enumerate(row)
        ]
        body.append(tag("tr", *cells))
    made = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *top)),
        tag("tbody", *body),
        class_=class_ or None,
    )
    return tag("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def folded(summary: Child, *body: Child, opened: bool = False, class_: str = "") -> Html:
    """Something to open."""
    return tag("details", tag("summary", summary), *body, open=opened, class_=class_ or None)


def quoted(value: str) -> Html:
    """What a program or a machine said, in its own lines."""
    return tag("pre", shortened(value, MOST_TEXT).strip("\n"), tabindex="0")


def facts(*pairs: tuple[str, Child]) -> Html:
    """Names and values in a row."""
    rows = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value]
    return tag("dl", *rows, class_="facts")


def bar(begin: float, length: float, class_: str = "") -> Html:
    """A bar from `begin` to `begin + length`, in shares of one."""
    left, wide = min(max(begin, 0.0), 1.0) * 100, max(min(length, 1.0), 0.0) * 100
    rail = tag("rect", x="0", y="5", width="100%", height="2", class_="rail")
    drawn = tag(
        "rect", x=f"{min(left, 99.4):.2f}%", y="1", width=f"{max(wide, 0.6):.2f}%", height="10", rx="2"
    )
    return tag("svg", rail, drawn, class_=f"bar {class_}".strip(), aria_hidden="true", focusable="false")


def build_times(spans: Sequence[Span], whole: float) -> Html | None:
    """When each part of a run was done, the longest of them; drawn and in numbers."""
    if not spans:
        return None
    longest = sorted(spans, key=lambda span: -span.seconds)[:MOST_SPANS]
    total = max([whole, *(span.begin + span.seconds for span in spans)]) or 1.0
    rows = [
        (
            tag("code", span.name),
            bar(span.begin / total, span.seconds / total, "bad" if span.outcome == "failed" else ""),
            seconds(span.begin),
            seconds(span.seconds),
            span.outcome,
        )
        for span in sorted(longest, key=lambda span: span.begin)
    ]
    more = len(spans) - len(longest)
    caption = f"Parts of the run, {seconds(total)} in all" + (
        f"; the {more} shortest left out" if more else ""
    )
    heads = ("part", "when", "began", "took", "outcome")
    return table(caption, heads, rows, numbers=(2, 3), class_="times")


def heading(level: int, title: Child, anchor: str) -> Html:
    """A heading that can be linked to."""
    return tag(f"h{level}", title, id=anchor)


def listed(rows: Iterable[Child]) -> Html:
    """A list."""
    return tag("ul", *(tag("li", row) for row in rows))


def names(rows: Sequence[str]) -> Html:
    """Names of tests or criteria, as a list of code."""
    return listed(tag("code", row) for row in rows)


def spaced(*children: Child) -> Html:
    """Children with a space between them."""
    found = [child for child in children if child]
    return join(*(piece for child in found for piece in (child, " ")))
