"""Earlier boots: which are kept, and where a bad one leaves the last good one."""

from __future__ import annotations

from pathlib import Path

from portwright.judge import boot_history, divergence
from portwright.run.events import ConsoleOutput

GOOD = ["starting", "[ 0.1] memory 0x1000", "[ 0.2] disk", "prompt"]


def test_the_first_line_that_the_good_one_did_not_have() -> None:
    found = divergence.find(GOOD, ["starting", "[ 0.9] memory 0x2000", "[ 1.0] no disk", "[ 1.1] panic"])
    assert found is not None
    assert (found.common, found.line, found.missing) == (
        "[ 0.1] memory 0x1000",
        "[ 1.0] no disk",
        "[ 0.2] disk",
    )
    assert found.text() == "both: [ 0.1] memory 0x1000\nhere: [ 1.0] no disk\ngood: [ 0.2] disk"


def test_an_end_without_a_word_and_no_difference() -> None:
    found = divergence.find(GOOD, GOOD[:2])
    assert found is not None
    assert (found.line, found.missing) == (None, "[ 0.2] disk")
    assert divergence.find(GOOD, GOOD) is None
    assert divergence.find(GOOD, [GOOD[0], GOOD[2], GOOD[1], GOOD[3]]) is None, "neighbours may change places"
    nothing = divergence.find(GOOD, [])
    assert nothing is not None and nothing.missing == "starting"
    assert divergence.find([], []) is None


def test_the_last_few_are_kept(tmp_path: Path) -> None:
    for _ in range(boot_history.KEPT + 5):
        boot_history.new_file(tmp_path).write_text("x")
    assert len(list((tmp_path / "runs").iterdir())) == boot_history.KEPT
    assert boot_history.good_file(tmp_path) is None
    boot_history.keep_good(tmp_path, next((tmp_path / "runs").iterdir()))
    assert boot_history.good_file(tmp_path) is not None


def test_events_are_compared_without_the_commands_of_terminals() -> None:
    good = [ConsoleOutput(0.0, b"\x1b[2Jstarting\r\nall well\r\n")]
    bad = [ConsoleOutput(0.0, b"start"), ConsoleOutput(0.1, b"ing\nill\n")]
    found = boot_history.compare(good, bad)
    assert found is not None and (found.common, found.line) == ("starting", "ill")
