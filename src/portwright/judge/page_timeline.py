"""A build's timeline as one HTML file that needs nothing else: no network, no script, no font.

It is read in light and dark, by keyboard, on paper and by screen readers; a colour never says what no word says.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.judge.markup import Child, Html, join, tag
from portwright.judge.page_pieces import bar, document, facts, folded, heading, listed, seconds, table
from portwright.judge.timeline import Ran, Timeline, reasons

MOST_STEPS = 500
OWN_STYLE = """
.load { display: block; width: 100%; height: 8rem; margin: .8rem 0 .2rem; }
.load path { fill: var(--mark); }
.load rect { fill: var(--faint); }
.scale { display: flex; justify-content: space-between; color: var(--soft); font-size: .8rem; }
.bar.critical { fill: var(--fail); }
"""


def page(line: Timeline) -> str:
    """The whole file."""
    return document(
        f"{line.title} – portwright timeline",
        ("To the timeline", "#steps"),
        tag(
            "header",
            tag("p", "portwright timeline", class_="brow"),
            tag("h1", line.title),
            tag("p", f"{len(line.steps):,} steps in {seconds(line.whole)}", class_="lead"),
            _facts(line),
        ),
        tag("main", *_sections(line), id="results", tabindex="-1"),
        tag(
            "footer",
            tag("p", "Made by portwright from a recording. This file loads nothing and runs no script."),
        ),
        style=OWN_STYLE,
    )


def _facts(line: Timeline) -> Html:
    work = sum(step.seconds for step in line.steps)
    peak = max((step.peak for step in line.steps), default=0)
    return facts(
        ("all steps together", seconds(work)),
        ("critical path", seconds(line.length)),
        ("at once, at most", f"{line.most}"),
        ("most memory of a step", f"{peak / 1e6:,.0f} MB" if peak else None),
    )


def _sections(line: Timeline) -> Iterator[Html]:
    if line.notes:
        yield tag("section", heading(2, "Before you trust it", "notes"), listed(line.notes))
    yield tag("section", heading(2, "What made it slow", "slow"), listed(reasons(line)))
    yield tag("section", heading(2, "Steps at once", "load"), *_load(line))
    yield tag(
        "section", heading(2, "Critical path", "critical"), _steps(line, line.critical, "The critical path")
    )
    longest = sorted(line.steps, key=lambda step: -step.seconds)[:MOST_STEPS]
    left = len(line.steps) - len(longest)
    caption = "Every step, by when it began" + (f"; the {left:,} shortest left out" if left else "")
    rows = sorted(longest, key=lambda step: (step.began, step.number))
    yield tag("section", heading(2, "Timeline", "steps"), _steps(line, rows, caption), _trades(line))


def _load(line: Timeline) -> Iterator[Html]:
    """How many steps ran, over time: drawn, and in numbers."""
    whole, most = line.whole or 1.0, line.most or 1
    points = ["M0 100"]
    last = 0
    for at, count in line.changes:
        x = at / whole * 1000
        points += [f"L{x:.1f} {100 - 100 * last / most:.1f}", f"L{x:.1f} {100 - 100 * count / most:.1f}"]
        last = count
    points.append(f"L1000 {100 - 100 * last / most:.1f}L1000 100Z")
    said = ", ".join(f"{count} at once for {seconds(line.spent(count))}" for count in range(most + 1))
    label = f"Steps at once over time: {said}"
    back = tag("rect", x="0", y="0", width="1000", height="100")
    drawn = tag("path", d="".join(points))
    yield tag(
        "svg",
        back,
        drawn,
        class_="load",
        viewBox="0 0 1000 100",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )
    yield tag(
        "p",
        tag("span", "0 s"),
        tag("span", f"{most} at once is the full height"),
        tag("span", seconds(whole)),
        class_="scale",
    )
    rows = [
        (str(count), seconds(line.spent(count)), f"{line.spent(count) / whole:.0%}")
        for count in range(most + 1)
    ]
    yield folded(
        "In numbers",
        table(
            "For how long how many steps ran", ("steps at once", "for", "of the whole"), rows, numbers=(1, 2)
        ),
    )


def _steps(line: Timeline, steps: tuple[Ran, ...] | list[Ran], caption: str) -> Html:
    whole = line.whole or 1.0
    critical = {step.id for step in line.critical}
    rows: list[tuple[Child, ...]] = [
        (
            join(tag("code", step.number), f" {step.title}"),
            bar(step.began / whole, step.seconds / whole, "critical" if step.id in critical else ""),
            seconds(step.began),
            seconds(step.seconds),
            seconds(step.cpu) if step.cpu else "–",
            f"{step.peak / 1e6:,.0f} MB" if step.peak else "–",
            "critical" if step.id in critical else "",
            "" if not step.status else f"status {step.status}",
        )
        for step in steps
    ]
    heads = ("step", "when", "began", "took", "processor", "memory", "path", "ended")
    return table(caption, heads, rows, numbers=(2, 3, 4, 5), class_="times")


def _trades(line: Timeline) -> Html:
    """What kinds of steps took how long."""
    sums: dict[str, list[float]] = {}
    for step in line.steps:
        sums.setdefault(step.type, []).append(step.seconds)
    order = sorted(sums, key=lambda name: -sum(sums[name]))
    rows = [
        (name, f"{len(sums[name]):,}", seconds(sum(sums[name])), seconds(max(sums[name]))) for name in order
    ]
    heads = ("kind", "steps", "together", "the longest")
    return table("Kinds of steps", heads, rows, numbers=(1, 2, 3))
