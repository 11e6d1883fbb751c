"""Keeps what is known of a run of tests, a line for each as it ends, so that a killed run goes on where it was.

A journal belongs to one binary and one way of running it. A whole one is history: the next run begins a new one.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from portwright.base.errors import Fault, PortwrightError, Where
from portwright.base.files import disk_errors, write_atomic
from portwright.formats.libtest import Listed
from portwright.run.events import TestResult

FORMAT = 1


class Journal:
    """The journal of one suite; a context that closes the file."""

    def __init__(self, path: Path, identity: str, seed: int) -> None:
        self.path = path
        self.identity = identity
        self.seed = seed
        self.tests: list[Listed] | None = None
        self.alone: set[str] = set()
        self.results: dict[str, TestResult] = {}
        self.whole = False
        self._file: IO[str] | None = None

    def read(self) -> Journal:
        """Take what an earlier run of the same binary left; nothing where there is none."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
            head = json.loads(lines[0])
        except (OSError, ValueError, IndexError):
            return self
        if head.get("format") != FORMAT or head.get("identity") != self.identity:
            return self
        self.seed = int(head["seed"])
        self.tests = [Listed(**row) for row in head["tests"]]
        self.alone = set(head["alone"])
        for line in lines[1:]:
            try:
                row: dict[str, Any] = json.loads(line)
            except ValueError:
                break  # the line that a killed run was writing
            if row.get("whole"):
                self.whole = True
            else:
                self.results.setdefault(row["name"], TestResult(**row))
        return self

    def begin(self, tests: list[Listed], alone: set[str]) -> None:
        """Write down the tests, and what is known of them already; from now on results are appended."""
        self.tests, self.alone, self.whole = tests, alone, False
        head = {
            "format": FORMAT,
            "identity": self.identity,
            "seed": self.seed,
            "tests": [asdict(test) for test in tests],
            "alone": sorted(alone),
        }
        rows = [head, *(asdict(result) for result in self.results.values())]
        write_atomic(self.path, "".join(json.dumps(row) + "\n" for row in rows))
        with disk_errors(self.path):
            self._file = self.path.open("a", encoding="utf-8")

    def forget(self) -> None:
        """Begin anew: nothing is known but the tests' names."""
        self.results, self.whole = {}, False

    @property
    def left(self) -> list[str]:
        """The tests without a result, in the binary's order."""
        if self.tests is None:
            raise PortwrightError([Fault("the tests of this binary are not known yet", Where(self.path))])
        return [test.name for test in self.tests if test.name not in self.results]

    def add(self, result: TestResult) -> bool:
        """Note a result; answers False where the test has one already."""
        if result.name in self.results:
            return False
        self.results[result.name] = result
        self._write(asdict(result))
        return True

    def end(self) -> None:
        """Note that every test has its result."""
        self.whole = True
        self._write({"whole": True})

    def _write(self, row: dict[str, Any]) -> None:
        if self._file is not None:
            with disk_errors(self.path):
                self._file.write(json.dumps(row) + "\n")
                self._file.flush()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
