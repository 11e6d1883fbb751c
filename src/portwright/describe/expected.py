"""`expected.toml` in a port's folder: the tests of Rust's own that are known not to pass there, with a reason each.

An entry is an exception, and expires: see `judge/conformance.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import Field

from portwright.describe import toml_file
from portwright.describe.model import Described
from portwright.describe.port import Port

FILE = "expected.toml"


class Entry(Described):
    """[[expected]]: tests of a suite that do not pass, and why.

    `suite` and `test` are names, in which `*` stands for anything. `on` names the ways of running on which it is
    so (`native`, `unicorn`, `kernel`), `panic` the kind of std; without them it is so everywhere. `result`: how
    they end.
    """

    suite: str
    test: str
    reason: Annotated[str, Field(min_length=10)]
    on: list[str] = []
    panic: Literal["abort", "unwind"] | None = None
    result: list[Literal["failed", "crashed", "hung", "not-run"]] = []

    def covers(self, suite: str, test: str) -> bool:
        """Whether it speaks of this test."""
        return fnmatchcase(suite, self.suite) and fnmatchcase(test, self.test)

    def applies(self, on: str, panic: str) -> bool:
        """Whether it speaks of such a run."""
        return (not self.on or on in self.on) and self.panic in (None, panic)


class Expected(Described):
    """The whole file."""

    expected: list[Entry] = []


@dataclass(frozen=True, slots=True)
class Expectation:
    """An entry, and where it stands."""

    entry: Entry
    where: str


def load(port: Port) -> tuple[Expectation, ...]:
    """The port's entries, none where it has no such file; raises `BadInput` with every fault."""
    path = port.folder / FILE
    if not path.is_file():
        return ()
    places = toml_file.Places(path)
    found = toml_file.validate(Expected, toml_file.read(path), places)
    return tuple(
        Expectation(entry, str(places("expected", number, "test")))
        for number, entry in enumerate(found.expected)
    )


def hanging(found: Sequence[Expectation], on: str, panic: str) -> tuple[Entry, ...]:
    """Of what is known of such a run: the entries by which tests hang, and end in no other way."""
    known = [row.entry for row in found if row.entry.applies(on, panic)]
    return tuple(entry for entry in known if entry.result == ["hung"])


def hangs(known: Sequence[Entry], suite: str, test: str) -> bool:
    """Whether one of these entries speaks of a test."""
    return any(entry.covers(suite, test) for entry in known)
