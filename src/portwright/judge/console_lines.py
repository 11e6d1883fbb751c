"""What a boot's console showed, as lines with their times: all of it where it is short, else its beginning and end."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from portwright.base.errors import PortwrightError
from portwright.judge import console_text
from portwright.judge.verdict import Verdict
from portwright.run.events import ConsoleOutput, MachineEvent

HEAD, TAIL = 16 << 10, 64 << 10
"""Bytes that are kept of the beginning and of the end."""
Piece = tuple[float, bytes]


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """A line, and the second in which it began."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class ConsoleShown:
    """What is kept of a console: between `head` and `tail` so many bytes are left out."""

    head: tuple[ConsoleLine, ...] = ()
    tail: tuple[ConsoleLine, ...] = ()
    left_out: int = 0


class Booted(Protocol):
    """A boot with its verdict and its transcript."""

    @property
    def verdict(self) -> Verdict:
        """How it went."""

    @property
    def transcript(self) -> Path:
        """What it showed."""


def of_runs(
    runs: Sequence[Booted], read: Callable[[Path], Iterable[MachineEvent]]
) -> dict[str, ConsoleShown]:
    """The console of the first boot that did not pass, and that of the last, by their numbers."""
    bad = [number for number, run in enumerate(runs) if not run.verdict.passed]
    found: dict[str, ConsoleShown] = {}
    for number in sorted({*bad[:1], len(runs) - 1}):
        try:
            found[str(number)] = shown(read(runs[number].transcript))
        except PortwrightError:  # it was taken away meanwhile, or never was: then there is nothing to show
            continue
    return found


def shown(events: Iterable[MachineEvent]) -> ConsoleShown:
    """What the console showed; holds no more than it keeps."""
    head: list[Piece] = []
    tail: deque[Piece] = deque()
    begun = kept = left_out = 0
    for event in events:
        if not isinstance(event, ConsoleOutput):
            continue
        data = event.data
        if begun < HEAD:
            head.append((event.at, data[: HEAD - begun]))
            begun += len(head[-1][1])
            data = data[len(head[-1][1]) :]
        if data:
            tail.append((event.at, data[-TAIL:]))
            left_out += len(data) - len(tail[-1][1])
            kept += len(tail[-1][1])
        while tail and kept - len(tail[0][1]) >= TAIL:
            gone = len(tail.popleft()[1])
            kept, left_out = kept - gone, left_out + gone
    if not left_out:
        return ConsoleShown(_lines([*head, *tail]))
    return ConsoleShown(_lines(head), _lines(list(tail)), left_out)


def _lines(pieces: list[Piece]) -> tuple[ConsoleLine, ...]:
    starts, place = [], 0
    for _, data in pieces:
        starts.append(place)
        place += len(data)
    found, place = [], 0
    for line in b"".join(data for _, data in pieces).split(b"\n"):
        at = pieces[max(0, bisect_right(starts, place) - 1)][0] if pieces else 0.0
        for text in console_text.lines(line.rstrip(b"\r")):
            if text.strip():
                found.append(ConsoleLine(round(at, 3), text.rstrip()))
        place += len(line) + 1
    return tuple(found)
