"""The part of the HTML report that is about boots: the verdict, milestones on a line of time, the console."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portwright.judge.console_lines import ConsoleLine, ConsoleShown
from portwright.judge.markup import Child, Html, identifier, join, tag
from portwright.judge.page_pieces import (
    badge,
    facts,
    folded,
    heading,
    moment,
    quoted,
    seconds,
    table,
    verdict_badge,
    verdict_state,
)
from portwright.judge.report import Boot, Milestone, Row

NEAR = 0.045
"""Milestones nearer than this share of the line would hide each other, and stand one above the other."""
LANE, TOP = 20, 14


def section(boot: Boot) -> Html:
    """All of one machine's boot."""
    anchor = identifier("boot", boot.machine)
    how = boot.how or "a recorded console: nothing was booted"
    parts: list[Child] = [
        heading(3, join("Machine ", tag("code", boot.machine)), anchor),
        tag("p", verdict_badge(boot.verdict.outcome), " ", boot.verdict.detail, class_="said"),
        facts(
            ("begun", moment(boot.about.at)),
            ("how", how),
            ("options", tag("code", " ".join(boot.about.called)) if boot.about.called else None),
            ("boots", ", ".join(f"{n} {outcome}" for outcome, n in boot.counts.items()) or None),
        ),
        *_milestones(boot),
    ]
    parts += _why(boot)
    if len(boot.rows) > 1:
        parts.append(_rows(boot.rows))
        parts += [_output(row) for row in boot.rows if row.output or row.verdict.evidence]
    elif not boot.verdict.passed and boot.verdict.evidence:
        parts.append(folded("The last of the console", quoted(boot.verdict.evidence), opened=True))
    if boot.console.head:
        parts.append(_console(boot.console))
    return tag("div", *parts, class_="block")


def _rows(rows: Sequence[Row]) -> Html:
    cells = [
        (
            verdict_badge(row.verdict.outcome),
            row.name,
            row.verdict.detail,
            seconds(row.seconds) if row.verdict.outcome != "not-run" else "–",
        )
        for row in rows
    ]
    heads = ("verdict", "criterion", "what was seen", "took")
    return table("The boot and its criteria", heads, cells, numbers=(3,), head_column=1)


def _output(row: Row) -> Html:
    said = row.output or row.verdict.evidence
    return folded(
        join("What ", tag("code", row.name), " showed"), quoted(said), opened=not row.verdict.passed
    )


def _why(boot: Boot) -> Iterator[Html]:
    for known in boot.known:
        yield tag(
            "aside",
            tag("h4", join("Known failure: ", tag("code", known.name), f" ({known.confidence})")),
            tag("p", tag("q", known.line)),
            facts(("cause", known.cause), ("cure", known.cure)),
            class_="known",
        )
    if boot.divergence is not None:
        yield folded("First difference from the last good boot", quoted(boot.divergence.text()), opened=True)


def _milestones(boot: Boot) -> Iterator[Html]:
    if not boot.milestones:
        return
    timed = any(step.at for step in boot.milestones)
    if timed:
        yield _line_of_time(boot)
    rows: list[tuple[Child, ...]] = []
    before = 0.0
    for number, step in enumerate(boot.milestones, 1):
        word = badge("passed", "reached") if step.at is not None else badge("never-run", "not reached")
        at, took = "–", "–"
        if step.at is not None:
            at, took, before = seconds(step.at), f"+{seconds(step.at - before)}", step.at
        rows.append((str(number), step.name, word, *((at, took) if timed else ())))
    heads = ("no.", "milestone", "", *(("at", "after the one before") if timed else ()))
    yield table("Milestones, in their order", heads, rows, numbers=(0, 3, 4), head_column=1)


def _line_of_time(boot: Boot) -> Html:
    """Milestones as numbered dots on a line, and the end with the sign of its verdict."""
    reached = [(number, step) for number, step in enumerate(boot.milestones, 1) if step.at is not None]
    whole = max([boot.seconds, *(step.at or 0.0 for _, step in reached)]) or 1.0
    lanes = _lanes([step for _, step in reached], whole)
    base = TOP + LANE * (max(lanes, default=0) + 1)
    drawn: list[Child] = [tag("line", x1="0", x2="100%", y1=str(base), y2=str(base), class_="axis")]
    for share, anchor in ((0.0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle"), (1.0, "end")):
        x = f"{share * 100:.0f}%"
        drawn.append(tag("line", x1=x, x2=x, y1=str(base), y2=str(base + 5), class_="axis"))
        label = seconds(share * whole)
        drawn.append(tag("text", label, x=x, y=str(base + 19), text_anchor=anchor, class_="tick"))
    for (number, step), lane in zip(reached, lanes, strict=True):
        x, y = f"{2 + 96 * (step.at or 0.0) / whole:.2f}%", base - LANE * (lane + 1)
        drawn.append(tag("line", x1=x, x2=x, y1=str(y), y2=str(base), class_="stem"))
        drawn.append(tag("circle", cx=x, cy=str(y), r="9", class_="dot"))
        drawn.append(tag("text", str(number), x=x, y=str(y + 4), text_anchor="middle", class_="digit"))
    state = verdict_state(boot.verdict.outcome)
    drawn.append(tag("circle", cx="98%", cy=str(base), r="5", class_=f"end {state}"))
    steps = "; ".join(f"{step.name} at {seconds(step.at or 0.0)}" for _, step in reached)
    label = f"Line of time: {steps}; {boot.verdict.outcome} after {seconds(boot.seconds)}"
    return tag("svg", *drawn, class_="boot-line", role="img", aria_label=label, height=str(base + 26))


def _lanes(steps: Sequence[Milestone], whole: float) -> list[int]:
    """The lowest lane for each in which no other is near."""
    last: dict[int, float] = {}
    found = []
    for step in steps:
        place = (step.at or 0.0) / whole
        lane = next(lane for lane in range(len(steps) + 1) if place - last.get(lane, -1.0) >= NEAR)
        last[lane] = place
        found.append(lane)
    return found


def _console(console: ConsoleShown) -> Html:
    count = len(console.head) + len(console.tail)
    more = f", and {console.left_out:,} bytes between its beginning and its end that are not kept"
    title = f"The console: {count:,} lines{more if console.left_out else ''}"
    timed = any(line.at for line in (*console.head, *console.tail))
    lines: list[Child] = [*_console_lines(console.head, timed)]
    if console.left_out:
        lines.append(tag("span", f"[... {console.left_out:,} bytes left out ...]\n", class_="gap"))
    lines += _console_lines(console.tail, timed)
    return folded(title, tag("pre", *lines, class_="console", tabindex="0"))


def _console_lines(lines: Sequence[ConsoleLine], timed: bool) -> Iterator[Html]:
    for line in lines:
        at = tag("span", f"{line.at:9.2f}  ", class_="at") if timed else None
        yield join(at, line.text, "\n")
