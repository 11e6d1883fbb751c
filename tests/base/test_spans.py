"""Times of a job's parts, read off its events."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from portwright.base import spans
from portwright.base.events import Begun, Ended, Event, Note
from portwright.base.spans import Span, watched


def test_events_go_on_and_their_times_are_kept() -> None:
    sent: list[Event] = [
        Begun("a"),
        Begun("b"),
        Note("x"),
        Ended("b", "built", 0.0),
        Ended("a", "failed", 0.0),
    ]
    sent += [Begun("c", 3), Ended("late", "built", 1e9)]

    def work() -> Generator[Event, None, int]:
        yield from sent
        return 7

    found: list[Span] = []
    running = watched(work(), found)
    seen = []
    while True:
        try:
            seen.append(next(running))
        except StopIteration as stop:
            assert stop.value == 7
            break
    assert seen == sent
    assert [(span.name, span.outcome) for span in found] == [
        ("b", "built"),
        ("a", "failed"),
        ("late", "built"),
    ]
    assert all(span.begin >= 0 and span.seconds >= 0 for span in found) and found[2].begin == 0


def test_work_that_is_left_is_closed_and_its_errors_come_through() -> None:
    closed = []

    def work() -> Generator[Event, None, None]:
        try:
            yield Begun("a")
            raise ValueError("x")
        finally:
            closed.append(True)

    running = watched(work(), [])
    next(running)
    running.close()
    assert closed == [True]
    with pytest.raises(ValueError, match="x"):
        list(watched(work(), []))


def test_there_are_never_too_many() -> None:
    def work() -> Generator[Event, None, None]:
        for number in range(spans.MOST * 2):
            yield Ended(str(number), "built", 0.0)

    found: list[Span] = []
    list(watched(work(), found))
    assert len(found) == spans.MOST
