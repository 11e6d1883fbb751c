"""The harness of `make bench`: goals are judged by their words, and every benchmark can be found. Nothing is timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.row import Row, at_least, at_most, below

from benchmarks import __main__ as bench
from benchmarks import timing


def test_goals_are_judged_by_their_words() -> None:
    assert at_most("a", "hand", 11, 10, "s", times=1.1).met is True
    assert at_most("a", "hand", 11.1, 10, "s", times=1.1).met is False
    assert at_least("a", "native", 5, 10, "runs/s", times=0.5).met is True
    assert at_least("a", "native", 4.9, 10, "runs/s", times=0.5).met is False
    assert below("a", "x", 99.9, 1, "ms", limit=100).met is True
    assert below("a", "x", 100, 1, "ms", limit=100).met is False
    assert Row("a", "x", 3, 2, "s", "", None).ratio == 1.5


def test_the_document_has_a_row_per_goal_and_the_table_says_what_is_not_met() -> None:
    rows = [below("quick", "x", 1, 2, "ms", limit=100), at_most("slow", "hand", 3, 1, "s", times=1.1)]
    said = json.loads(bench.document(rows))
    assert [(row["name"], row["rival"], row["ratio"], row["goal"], row["met"]) for row in said["goals"]] == [
        ("quick", "x", 0.5, "< 100 ms", True),
        ("slow", "hand", 3.0, "<= 1.1 x", False),
    ]
    lines = bench.table(rows).splitlines()
    assert "NOT MET" in lines[-1] and "slow" in lines[-1]
    assert "NOT MET" not in lines[-2]


def test_every_benchmark_is_found_by_its_name(repo: Path) -> None:
    found = bench.collect([])
    assert {"startup", "sysroot", "up"} <= set(found)
    assert "row" not in found and "timing" not in found
    assert list(bench.collect(["startup"])) == ["startup"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "start"],
        cwd=repo,
        env={**os.environ, "PYTHONPATH": str(repo / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "no benchmark start; there are: " in done.stderr


def test_a_process_is_watched_and_a_failure_ends_the_run() -> None:
    code = "import time; block = bytearray(64 << 20); time.sleep(0.3)"
    timed = timing.once([sys.executable, "-c", code])
    assert timed.seconds >= 0.3
    assert 64 <= timed.peak_mb < 128
    with pytest.raises(SystemExit, match="went wrong"):
        timing.once([sys.executable, "-c", "import sys; sys.exit('went wrong')"])
