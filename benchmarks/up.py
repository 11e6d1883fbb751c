"""`up` with nothing changed, and the memory that the tool itself takes for it."""

from __future__ import annotations

import json

from benchmarks.row import Row, below

from benchmarks import timing


def rows() -> list[Row]:
    """The second `up`, against nothing but the programs that it runs."""
    timing.once(timing.portwright("up", timing.PORT, "--json"))
    again = timing.best(timing.portwright("up", timing.PORT, "--json"), 3)
    programs = _seconds_of_programs(again.stdout)
    return [
        below("up, nothing changed", "its programs alone", again.seconds, programs, "s", limit=2),
        below("memory of the tool, up", "an empty Python", again.peak_mb, _empty_python(), "MB", limit=300),
    ]


def _seconds_of_programs(document: str) -> float:
    """What the runs of the programs took, by the verdicts themselves."""
    said = json.loads(document)
    return sum(
        float(row["seconds"]) for row in said["rows"] if row["name"] not in ("check", "sysroot", "programs")
    )


def _empty_python() -> float:
    import sys

    return timing.once([sys.executable, "-c", "import time; time.sleep(0.1)"]).peak_mb
