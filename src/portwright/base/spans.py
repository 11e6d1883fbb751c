"""When the parts of a job were done: read off the events that it yields, which go on unchanged."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from portwright.base.events import Begun, Ended, Event

MOST = 400
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """One part: when it began, in seconds after the job did, how long it took, and how it ended."""

    name: str
    begin: float
    seconds: float
    outcome: str


def watched(work: Generator[Event, None, T], spans: list[Span]) -> Generator[Event, None, T]:
    """Pass the events of `work` on, and put into `spans` what they tell of times; of very many parts the first."""
    began = time.monotonic()
    open_since: dict[str, float] = {}
    try:
        while True:
            try:
                event = next(work)
            except StopIteration as stop:
                result: T = stop.value
                return result
            now = time.monotonic() - began
            if isinstance(event, Begun):
                open_since.setdefault(event.part, now)
            elif isinstance(event, Ended):
                since = open_since.pop(event.part, max(now - event.seconds, 0.0))
                if len(spans) < MOST:
                    spans.append(Span(event.part, round(since, 4), round(now - since, 4), event.outcome))
            yield event
    finally:
        work.close()
