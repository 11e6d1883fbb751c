"""The file in which a run of Rust's own tests is kept, every test with its result: what the next run is compared with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path

from portwright.base.files import write_atomic
from portwright.judge.conformance import Counts, Results
from portwright.run.events import TestResult

FORMAT = 1


def read(path: Path) -> dict[str, dict[str, TestResult]]:
    """The results of the last run; none where there was none, or of another format."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if value.get("format") != FORMAT:
        return {}
    return {
        suite: {name: TestResult(name, *row) for name, row in tests.items()}
        for suite, tests in value["suites"].items()
    }


def write(path: Path, results: Results) -> None:
    """Keep results; a test that passed is its name and its time."""
    suites = {
        suite: {
            name: [result.result, result.detail, round(result.seconds, 4)]
            for name, result in sorted(tests.items())
        }
        for suite, tests in sorted(results.items())
    }
    write_atomic(path, json.dumps({"format": FORMAT, "suites": suites}, indent=0, sort_keys=True) + "\n")


def total(counts: Iterable[Counts]) -> Counts:
    """Counts added up."""
    rows = [asdict(row) for row in counts]
    return Counts(**{field.name: sum(row[field.name] for row in rows) for field in fields(Counts)})
