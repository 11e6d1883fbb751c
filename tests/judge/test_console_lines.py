"""A console as lines with times: everything of a short one, bounded for any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.base.errors import fail
from portwright.judge import console_lines
from portwright.judge.console_lines import HEAD, TAIL, ConsoleLine
from portwright.judge.verdict import Verdict
from portwright.run.events import ConsoleOutput, MachineEnded, MachineStarted, Ticked

PASSED, SILENT = Verdict("passed"), Verdict("silent")


def test_a_line_has_the_time_at_which_it_began() -> None:
    events = [
        MachineStarted(0.0, "qemu", "x"),
        ConsoleOutput(1.0, b"one\r\ntw"),
        Ticked(1.5),
        ConsoleOutput(2.0, b"o\n\nthree \x1b[31m\xff\x00"),
        MachineEnded(3.0, "closed"),
    ]
    shown = console_lines.shown(events)
    assert shown.head == (
        ConsoleLine(1.0, "one"),
        ConsoleLine(1.0, "two"),
        ConsoleLine(2.0, "three \\xff\\x00"),
    )
    assert (shown.tail, shown.left_out) == ((), 0)


def test_a_flood_keeps_its_beginning_and_its_end() -> None:
    events = [ConsoleOutput(float(number), b"%07d\n" % number * 512) for number in range(2000)]
    shown = console_lines.shown(events)
    assert shown.head[0] == ConsoleLine(0.0, "0000000") and shown.tail[-1] == ConsoleLine(1999.0, "0001999")
    kept = sum(len(line.text) + 1 for line in (*shown.head, *shown.tail))
    assert kept + shown.left_out == 2000 * 512 * 8
    assert HEAD + TAIL <= kept <= HEAD + TAIL + 512 * 8


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 9), st.binary(max_size=60), st.integers(1, 4000)), max_size=8))
def test_any_console_gives_bounded_visible_lines(pieces: list[tuple[float, bytes, int]]) -> None:
    shown = console_lines.shown([ConsoleOutput(at, data * times) for at, data, times in pieces])
    lines = (*shown.head, *shown.tail)
    assert all(c.isprintable() or c == "\t" for line in lines for c in line.text)
    assert sum(len(line.text) for line in lines) <= 6 * (HEAD + TAIL + 60 * 4000)
    assert shown.left_out >= 0


@dataclass(frozen=True)
class Run:
    verdict: Verdict
    transcript: Path


def test_of_many_boots_the_first_bad_one_and_the_last_are_kept() -> None:
    verdicts = [PASSED, SILENT, SILENT, PASSED, PASSED]
    runs = [Run(verdict, Path(str(number))) for number, verdict in enumerate(verdicts)]
    found = console_lines.of_runs(runs, lambda path: [ConsoleOutput(0.0, str(path).encode())])
    assert {number: shown.head[0].text for number, shown in found.items()} == {"1": "1", "4": "4"}


def test_a_transcript_that_is_gone_shows_nothing() -> None:
    def read(path: Path) -> list[ConsoleOutput]:
        raise fail("cannot be read")

    assert console_lines.of_runs([Run(PASSED, Path("x"))], read) == {}
