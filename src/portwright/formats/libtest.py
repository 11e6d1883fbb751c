"""What a Rust test binary says: libtest's list of tests and its JSON events, line by line, in whatever comes between.

Pure and incremental. A test may write to standard output itself, even in the middle of a line: an event is found
wherever it begins, and what is no event is the tests' own output.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

LIST_ARGUMENTS = ("-Zunstable-options", "--list", "--format", "json")
RUN_ARGUMENTS = ("-Zunstable-options", "--format", "json", "--test-threads", "1")
IN_PROCESS = "--force-run-in-process"
NO_PANICS = "--exclude-should-panic"
ENVIRONMENT = {"RUSTC_BOOTSTRAP": "1"}
"""libtest takes its unstable options from who says that he knows."""
ONE_TEST = "__RUST_TEST_INVOKE"
"""A variable that makes a test binary built with `-Zpanic-abort-tests` run this one test and end."""
ONE_TEST_PASSED = 50

_EVENT = re.compile(r'\{ "type": "(?:test|suite|bench)", ')
Result = Literal["ok", "failed", "ignored"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A test that a binary has; `ignored`: the attribute, with its reason."""

    name: str
    ignored: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A test begins."""

    name: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A test ended; `output` is what it printed and why it failed."""

    name: str
    result: Result
    output: str = ""


@dataclass(frozen=True, slots=True)
class Over:
    """All tests of a run ended."""

    passed: int
    failed: int
    ignored: int


Event = Listed | Started | Finished | Over


@dataclass(slots=True)
class Stream:
    """Takes standard output as it comes; answers the events in it. `rest` is output of the tests' own."""

    rest: bytearray = field(default_factory=bytearray)
    _line: bytes = b""

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that `data` completes."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            event = parse(line.decode(errors="replace"))
            if event is None:
                self.rest += line + b"\n"
            else:
                yield from event


def parse(line: str) -> tuple[Event, ...] | None:
    """The event of a line, which may begin behind other output; None where it has none."""
    for found in _EVENT.finditer(line):
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(line, found.start())
        except ValueError:
            continue
        event = _event(value)
        return () if event is None else (event,)
    return None


def _event(value: dict[str, Any]) -> Event | None:
    match value:
        case {"event": "discovered", "name": name}:
            return Listed(str(name), bool(value.get("ignore")), str(value.get("ignore_message", "")))
        case {"type": "test", "event": "started", "name": name}:
            return Started(str(name))
        case {"type": "test", "event": "ok" | "failed" | "ignored" as result, "name": name}:
            text = value.get("stdout", "") or value.get("message", "") or value.get("reason", "")
            return Finished(str(name), result, str(text))
        case {"type": "suite", "event": "ok" | "failed", "passed": passed}:
            return Over(int(passed), int(value.get("failed", 0)), int(value.get("ignored", 0)))
        case _:
            return None
