"""Run the tests in a crate's documentation for a port; `cargo test` calls this through the sysroot's rustdoc.

Takes the words with which cargo calls rustdoc. There is no need to call it by hand.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Advanced, Begun, Ended, Event
from portwright.build import doctests
from portwright.build.doctests import Outcome
from portwright.jobs import Arg

VERB = "doctest"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright doctest` is told."""

    rustdoc: Annotated[Path, Arg("The sysroot's rustdoc.", positional=True)]
    words: Annotated[tuple[str, ...], Arg("What cargo says to rustdoc.", positional=True, rest=True)] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of each test."""

    outcomes: tuple[Outcome, ...]
    filtered_out: int
    seconds: float

    @property
    def status(self) -> int:
        """1 if a test failed."""
        return int(any(outcome.result == "FAILED" for outcome in self.outcomes))


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Find the tests, compile each, run it with the runner that cargo names."""
    began = time.monotonic()
    wanted = doctests.request(arguments.words)
    found = doctests.find(arguments.rustdoc, wanted)
    chosen = [
        test for test in found if not wanted.filters or any(part in test.name for part in wanted.filters)
    ]
    yield Begun("doctest", len(chosen))
    done: list[Outcome] = []
    for outcome in doctests.outcomes(arguments.rustdoc, wanted, chosen):
        done.append(outcome)
        yield Advanced("doctest", len(done), outcome.title)
    seconds = time.monotonic() - began
    yield Ended("doctest", "run", seconds)
    return Result(tuple(done), len(found) - len(chosen), seconds)
