"""What a person sees of `record`: where the recording is, what it holds, and what stands in the way of a replay."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from portwright.cli.views import record
from portwright.derive.recording import Impurity
from portwright.jobs.record import Result


def test_a_recording_is_told_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    found = tuple((f"cc-{number}", Impurity("network", f"[192.0.2.{number}]:80")) for number in range(10))
    steps, programs = {"cc": 10, "ar": 1}, {"trace": 3, "trace+wrapper": 11}
    result = Result(
        Path("/r[1].json"), ("make",), 2, True, False, 1.0, {}, steps, programs, 4, 7, ("cc-3",), found
    )
    record.view(result, Console())
    said = capsys.readouterr()
    assert said.out == ""
    for words in (
        "recorded: /r[1].json",
        "steps      11 (10 cc, 1 ar)",
        "programs   14: 3 by trace, 11 by trace and wrapper; 4 questions",
        "left out   7 files",
        "portable   no",
        "failed     cc-3",
        "impure     10 network",
        "network: cc-0: [192.0.2.0]:80",
        "and 2 more",
    ):
        assert words in said.err
    assert result.status == 2


def test_a_signal_is_told_as_a_shell_does() -> None:
    assert Result(Path("/r"), (), -9, True, True, 1.0, {}, {}, {}).status == 137
