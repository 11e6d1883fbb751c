"""Why a replayed output is not what was recorded: a path, the time, an order, randomness, or something not declared.

Three things tell: what differs from the recorded file, whether a second run differs again, and whether the step does
as recorded when it is given what the recording does not declare.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import PortwrightError
from portwright.base.events import outcome
from portwright.judge import fixpoint
from portwright.judge.difference import Bounds
from portwright.judge.fixpoint import Report

LARGEST = 64 << 20
"""Bytes of a file up to which its text is looked through."""
_WORD = re.compile(rb"[\w.:+-]+|\W")
_MOMENT = re.compile(
    rb"\d{4}-\d\d-\d\d(?:T[\d:.+-]+Z?)?|\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?|\d{1,4}"
    rb"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*"
)
_EPOCH = re.compile(rb"(\d{10})(?:\.?\d{3}|\.?\d{6}|\.?\d{9})?")
YEARS = 5 * 365 * 86400
NAMES = {"timestamp": "time", "order": "order", "embedded-path": "path", "random-symbol": "randomness"}
"""What a cause of `fixpoint` is called here."""


@dataclass(frozen=True, slots=True)
class Cause:
    """`name`: path, time, order, randomness, undeclared-input, unknown ...; what was seen of it, and what to do."""

    name: str
    what: str
    cure: str = ""
    evidence: tuple[str, ...] = ()


CURES = {
    "path": "remap the prefix (`record --portable` does), or have the program write relative names",
    "time": "set SOURCE_DATE_EPOCH, or leave the time out",
    "order": "sort what is written; for archives `--sort=name`",
    "randomness": "give the program a fixed seed or name",
    "undeclared-input": "record it once more, so that all it reads is seen",
    "unknown": "compare both files; the step may ask the machine for something",
}


def explain(
    now: Path,
    then: Path | None,
    again: Path | None,
    room: re.Pattern[bytes],
    undeclared_name: Callable[[], str | None],
) -> Cause:
    """Why `now` came out and not `then`, the recorded file (None: it is nowhere any more).

    `again` is what a second run made, `room` finds the folder of a run, `undeclared_name` asks with what file that is
    not declared the step does as recorded.
    """
    varies = again is not None and not _equal(now, again)
    other = then if then is not None else again if varies else None
    report = None if other is None else _compared(other, now)
    name, what = _named(now, other, report, room, varies=varies)
    hidden = undeclared_name() if name == "unknown" else None
    if hidden is not None:
        name, what = "undeclared-input", f"it reads {hidden}, which the recording does not declare"
    return Cause(name, what, CURES[name], _evidence(report))


def _named(
    now: Path, other: Path | None, report: Report | None, room: re.Pattern[bytes], *, varies: bool
) -> tuple[str, str]:
    data = _data(now)
    found = room.search(data)
    if found:
        return "path", f"it holds the folder in which the step ran: ...{found[0].decode(errors='replace')}"
    before = b"" if other is None else _data(other)
    if other is not None and before and data:
        if _reordered(before, data):
            return "order", "the same parts in another order"
        moment = _moment(before, data)
        if moment:
            return "time", f"a time: {moment[0]} then, {moment[1]} now"
    for row in report.causes if report is not None else ():
        if row.cause in NAMES:
            first = next(one for one in report.findings if one.cause == row.cause) if report else None
            return NAMES[row.cause], first.what if first else row.title
    if varies:
        return "randomness", "each run makes something else"
    return "unknown", "each replay makes the same, and the recording another"


def _evidence(report: Report | None) -> tuple[str, ...]:
    if report is None:
        return ()
    lines = (
        ["A is what was recorded, or made by another run; B is what came out now"] if report.findings else []
    )
    for row in report.findings[:3]:
        lines.append(f"{row.path} {row.place}: {row.what}".strip())
        lines += row.evidence[:2]
    return tuple(lines)


def _compared(one: Path, two: Path) -> Report | None:
    try:
        return outcome(fixpoint.compare(one, two, Bounds(findings=3)))
    except PortwrightError:
        return None


def _equal(one: Path, two: Path) -> bool:
    return one == two or (one.stat().st_size == two.stat().st_size and one.read_bytes() == two.read_bytes())


def _data(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)


def _reordered(one: bytes, two: bytes) -> bool:
    """Whether two texts hold the same lines or words, in another order."""
    if len(one) != len(two) or one == two:
        return False
    if Counter(one.splitlines()) == Counter(two.splitlines()):
        return True
    return b"\0" not in one and Counter(one.split()) == Counter(two.split()) and len(one.split()) > 1


def _moment(one: bytes, two: bytes) -> tuple[str, str] | None:
    """The first words that differ, where every one that differs says a time; None for anything else."""
    if b"\0" in one or max(len(one), len(two)) > 1 << 20:
        return None
    left, right = _WORD.findall(one), _WORD.findall(two)
    if len(left) != len(right):
        return None
    pairs = [(x, y) for x, y in zip(left, right, strict=True) if x != y]
    if not pairs or not all(_is_moment(x) and _is_moment(y) for x, y in pairs):
        return None
    if all(x.isdigit() and len(x) < 5 for x, _ in pairs) and not _near_a_clock(left, pairs):
        return None  # any small numbers
    return pairs[0][0].decode(errors="replace"), pairs[0][1].decode(errors="replace")


def _is_moment(word: bytes) -> bool:
    found = _EPOCH.fullmatch(word)
    if found:
        return abs(int(found[1]) - time.time()) < YEARS
    return _MOMENT.fullmatch(word) is not None


def _near_a_clock(words: list[bytes], pairs: list[tuple[bytes, bytes]]) -> bool:
    """Whether small numbers that differ stand in a text that says a date or a time of day."""
    return any(b":" in word or b"-" in word for word in words if _MOMENT.fullmatch(word) and len(word) > 4)


def undeclared(words: str, candidates: Callable[[str], str | None]) -> Iterator[str]:
    """The files that a failed step's words name and that were there when it was recorded.

    `candidates` answers, for a name, what the recording calls the file, or None where it is none.
    """
    told: set[str] = set()
    for found in re.finditer(r"[^\s'\"`:;,()<>=\[\]]+", words):
        name = candidates(found[0].rstrip("."))
        if name is not None and name not in told:
            told.add(name)
            yield name
