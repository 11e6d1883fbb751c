"""Are two builds the same, and if not, why: every difference with its cause and the flag that cures it.

A and B are two folders, two archives (tar, also compressed, static libraries, rlibs) or two binaries. Exit status 0
where every byte is the same, 1 where anything differs. Code is compared function by function; what only moved is told
from what changed. For rustc the pair is stage 2 and stage 3.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.errors import BadInput, Fault
from portwright.base.events import Advanced, Begun, Ended, Event
from portwright.jobs import Arg
from portwright.judge import cause, fixpoint
from portwright.judge.cause import Manual
from portwright.judge.difference import Bounds
from portwright.judge.fixpoint import Report

VERB = "fixpoint"
LARGEST = 1 << 30


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright fixpoint` can be told."""

    builds: Annotated[
        tuple[str, ...],
        Arg("Two folders, archives or binaries.", positional=True, metavar="A B"),
    ] = ()
    findings: Annotated[
        int, Arg("How many places to list for each cause and file; all are counted.", metavar="N")
    ] = 20
    causes: Annotated[bool, Arg("List the causes that are known; with a name, its manual.")] = False


@dataclass(frozen=True, slots=True)
class Result:
    """The report, or with `--causes` the `manuals`."""

    report: Report | None = None
    manuals: tuple[Manual, ...] = ()

    @property
    def status(self) -> int:
        """1 where anything differs."""
        return 0 if self.report is None or self.report.same else 1


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Compare, and tell which file is being looked at."""
    if arguments.causes:
        return Result(manuals=tuple([cause.page_of(name) for name in arguments.builds] or cause.pages()))
    if len(arguments.builds) != 2:
        what = f"two builds are compared, and {len(arguments.builds)} are named"
        raise BadInput([Fault(what, None, "portwright fixpoint A B", "fixpoint/two")])
    left, right = (Path(name) for name in arguments.builds)
    began, count = time.monotonic(), 0
    yield Begun("compare")
    walk = fixpoint.compare(left, right, Bounds(findings=min(max(arguments.findings, 1), LARGEST)))
    while True:
        try:
            path = next(walk)
        except StopIteration as stop:
            report: Report = stop.value
            break
        count += 1
        yield Advanced("compare", count, path)
    yield Ended("compare", "the same" if report.same else "differs", time.monotonic() - began)
    return Result(report)
