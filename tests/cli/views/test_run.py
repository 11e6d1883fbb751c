"""What a person sees of `portwright run`: nothing of ours after a good run, everything after a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from portwright.cli.views.run import view
from portwright.jobs.run import Result
from portwright.run.events import Called, Died, Exited, Frame, Injected, Outcome, Report, ThreadState

CALL = Called("write", 53, (("fd", "1"), ("buffer", "0x10")), -9, "EFAULT", "write")
REPORT = Report(
    "bad-access",
    "read of 0x10",
    "mov rax, qword ptr [0x10]",
    (Frame(0x401055, "foo", 0x55, "fault.rs:24"), Frame(0x401065, "main", 7, None, guess=True)),
    (CALL,),
    "a null pointer",
)


def test_a_good_run_adds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    view(Result("port", Path("x"), 7, Outcome(Exited(3))), Console())
    assert capsys.readouterr() == ("", "")


def test_captured_output_goes_where_it_belongs(capfd: pytest.CaptureFixture[str]) -> None:
    view(Result("port", Path("x"), 7, Outcome(Exited(3), b"out", b"err")), Console())
    assert capfd.readouterr() == ("out", "err")


def test_a_crash_says_what_where_and_how_to_see_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    view(Result("port", Path("x"), 7, Outcome(Died(11, REPORT))), Console())
    shown = capsys.readouterr()
    assert shown.out == ""
    for words in (
        "read of 0x10",
        "mov rax",
        "foo+0x55 (fault.rs:24)",
        "EFAULT",
        "a null pointer",
        "--seed 7",
    ):
        assert words in shown.err
    guess = next(line for line in shown.err.splitlines() if "main+0x7" in line)
    assert "guess" in guess and "guess" not in shown.err.splitlines()[2]


def test_a_fault_that_never_happened_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    faults = (Injected("write=EIO,nth=2", 1, 0), Injected("read=EIO", 3, 2), Injected("close=EIO", 0, 0))
    view(Result("port", Path("x"), 7, Outcome(Exited(3), faults=faults)), Console())
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "portwright: the fault write=EIO,nth=2 never happened: 1 call matched it",
        "portwright: the fault close=EIO never happened: 0 calls matched it",
    ]


def test_a_deadlock_shows_every_thread_and_whether_the_seed_repeats_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    threads = (
        ThreadState(2, 2, "", "the futex at 0x10 (holds 0x1)", (Frame(0x401055, "lock", 0x55),)),
        ThreadState(2, 17, "worker", "pipe 5, which is empty"),
    )
    end = Died(9, Report("deadlock", "deadlock: all 2 threads wait", threads=threads))
    view(Result("port", Path("x"), 7, Outcome(end, preemptions=3)), Console())
    shown = capsys.readouterr().err
    assert "thread 2:2 waits for the futex at 0x10 (holds 0x1)\n    #0 0x401055 lock+0x55" in shown
    assert "thread 2:17 `worker` waits for pipe 5, which is empty" in shown
    assert "--seed 7 (but 3 turns" in shown
