"""How a run with a fault ended: each named ending, and what is excused."""

from __future__ import annotations

import pytest

from portwright.describe.port import Expect
from portwright.judge.sweep import ENDINGS, GOOD, judge
from portwright.run.events import Died, Doubt, Exited, Injected, Outcome, Report

EXPECT = Expect(stdout="one\ntwo\n", exit=0)
STRUCK = (Injected("x=EIO", 1, 1),)
SURE = Doubt()
RIGHT = b"one\ntwo\n"
PANIC = b"thread 'main' panicked at src/main.rs:1:\nno\n"


def ending(
    end: Exited | Died, out: bytes = b"", err: bytes = b"", doubt: Doubt = SURE, struck: bool = True
) -> str:
    """The ending of a run without files."""
    outcome = Outcome(end, out, err, faults=STRUCK if struck else (Injected("x=EIO", 1, 0),))
    return judge(EXPECT, outcome, lambda path: None, doubt).ending


def died(kind: str, signal: int = 4) -> Died:
    return Died(signal, Report(kind, "it fell"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("end", "out", "err", "expected"),
    [
        (Exited(0), RIGHT, b"", "succeeded"),
        (Exited(1), b"one\n", b"Error: no\n", "handled"),
        (Exited(3), b"", b"", "handled"),
        (Exited(101), b"", PANIC, "panicked"),
        (Exited(101), b"", b"", "crashed"),
        (Exited(134), b"", b"memory allocation of 8 bytes failed\n", "aborted"),
        (Exited(134), b"", b"", "crashed"),
        (died("illegal-instruction"), b"", b"fatal runtime error: no exit\n", "aborted"),
        (died("illegal-instruction"), b"", b"", "crashed"),
        (died("other", 6), b"", b"memory allocation of 8 bytes failed\n", "aborted"),
        (died("other", 6), b"", b"", "crashed"),
        (died("bad-access"), b"", PANIC, "crashed"),
        (died("time-limit"), b"", PANIC, "hung"),
        (died("output-limit"), b"", PANIC, "hung"),
        (died("deadlock"), b"", b"", "hung"),
        (Exited(0), b"one\n", b"", "wrong-output"),
        (Exited(0), RIGHT + b"three\n", b"", "wrong-output"),
        (Exited(0), RIGHT + b"claim folder /x\n", b"", "lost-data"),
        (Exited(1), b"claim folder /x\n", b"", "lost-data"),
        (died("time-limit"), b"claim folder /x\n", b"", "hung"),
    ],
)
def test_the_endings(end: Exited | Died, out: bytes, err: bytes, expected: str) -> None:
    assert expected in ENDINGS
    assert ending(end, out, err) == expected


def test_a_fault_that_did_not_happen_proves_nothing() -> None:
    assert ending(Exited(0), RIGHT, struck=False) == "never-struck"
    assert "never-struck" not in GOOD


@pytest.mark.parametrize(
    ("end", "out", "doubt", "expected"),
    [
        # What could not be written is missing; what was never printed is not there.
        (Exited(0), b"one\n", Doubt(1), "succeeded"),
        (Exited(0), b"one\ntw", Doubt(1), "succeeded"),
        (Exited(0), b"one\nthree\n", Doubt(1), "wrong-output"),
        (Exited(0), b"two\none\n", Doubt(1), "wrong-output"),
        (Exited(0), b"one\n", Doubt(0), "wrong-output"),
        # A panic whose message could not be written.
        (Exited(101), b"", Doubt(2), "panicked"),
        (Exited(101), b"", Doubt(1), "crashed"),
        # A closed standard stream is one that gives nothing and takes all.
        (Exited(0), b"", Doubt(0, closed=True), "succeeded"),
        (Exited(0), b"claim folder /x\n", Doubt(1, closed=True), "succeeded"),
        (Exited(0), b"one\n", Doubt(None, closed=True), "wrong-output"),
    ],
)
def test_what_is_excused(end: Exited, out: bytes, doubt: Doubt, expected: str) -> None:
    assert ending(end, out, doubt=doubt) == expected


def test_a_program_that_nobody_described_may_print_that_a_call_failed() -> None:
    """But nothing of what must not show."""

    def ending_of(doubt: Doubt) -> str:
        outcome = Outcome(Exited(0), b"one\nfailed\n", faults=STRUCK)
        return judge(EXPECT, outcome, lambda path: None, doubt, told=False).ending

    assert ending_of(Doubt()) == "handled"
    assert ending_of(Doubt(harmless=True)) == "wrong-output"
