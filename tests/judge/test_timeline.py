"""A build's timeline: its critical path, what ran at once, why it was slow, and the page that shows it."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from portwright.judge.page_timeline import page
from portwright.judge.timeline import Ran, Timeline, reasons


def step(name: str, began: float, took: float, *needs: str, cpu: float = 0.0) -> Ran:
    return Ran(name, name, f"cc {name}", "cc", began, took, cpu, 1000, needs)


LINE = Timeline(
    "make",
    (
        step("a", 0, 2),
        step("b", 0, 1),
        step("c", 2, 5, "a", "b", cpu=1.0),
        step("d", 1, 1, "b"),
        step("e", 8, 2, "c"),
    ),
    11.0,
)


def test_the_critical_path() -> None:
    assert [row.id for row in LINE.critical] == ["a", "c", "e"]
    assert LINE.length == 9 and LINE.whole == 11 and LINE.most == 2
    assert [LINE.spent(count) for count in range(3)] == [2, 7, 2]


def test_a_step_that_begins_before_the_one_it_needs_is_at_its_end() -> None:
    """rustc's metadata is read while its code is still made: that time is not counted twice."""
    line = Timeline("cargo", (step("a", 0, 10), step("b", 4, 8, "a")), 12.0)
    assert [row.id for row in line.critical] == ["a", "b"] and line.length == 12


def test_what_made_it_slow() -> None:
    said = list(reasons(LINE))
    assert "3 steps and takes 9.00 s, 82% of the whole" in said[0]
    assert any("only one step ran" in row for row in said) and any("no step ran" in row for row in said)
    assert any("cc c (c) took 5.00 s" in row and "critical path" in row for row in said)
    assert any("used a processor for 1.00 s of its 5.00 s" in row for row in said)
    assert list(reasons(Timeline("nothing", (), 0.0))) == ["No step of the build took any time."]


TIMES = st.floats(0, 100, allow_nan=False)


@given(st.lists(st.tuples(TIMES, TIMES), max_size=12))
def test_any_times_give_sums_that_hold(rows: list[tuple[float, float]]) -> None:
    steps = tuple(
        step(f"s{at}", *row, *(f"s{before}" for before in range(at))) for at, row in enumerate(rows)
    )
    line = Timeline("x", steps, 1.0)
    assert abs(sum(line.spent(count) for count in range(line.most + 1)) - line.whole) < 1e-6 * (
        1 + line.whole
    )
    assert line.length <= line.whole * (1 + 1e-9) + 1e-9
    assert list(reasons(line)) and page(line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        self.loads += [
            str(value) for name, value in attrs if name in ("src", "href") and not str(value).startswith("#")
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing() -> None:
    """What a command is called cannot break it; it can be read by keyboard and without colours."""
    evil = Ran("x", "step1", '<script>alert("1")</script>\x1b', "cc", 0.0, 1.0)
    said = page(Timeline("<b>make</b>", (*LINE.steps, evil), 11.0, ("cut <off>",)))
    reader = _Reader()
    reader.feed(said)
    assert reader.open == [] and reader.loads == []
    assert "<script" not in said and "\x1b" not in said and "cut &lt;off&gt;" in said
    assert 'tabindex="0"' in said and "prefers-color-scheme: dark" in said and ">critical<" in said
