"""Verdicts over recorded events: each outcome is named, and the judge is the same live and on a recording."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portwright.describe.port import Expect
from portwright.judge import program
from portwright.judge.verdict import OUTCOMES, Verdict, exit_status
from portwright.run.events import Died, Exited, Report, Wrote

HELLO = Expect(stdout="hello\n", exit=0)


def test_right_output_and_status_pass() -> None:
    verdict = program.judge(HELLO, [Wrote("stdout", b"hel"), Wrote("stdout", b"lo\n"), Exited(0)])
    assert verdict.outcome == "passed"


def test_another_line_is_wrong_and_named() -> None:
    verdict = program.judge(HELLO, [Wrote("stdout", b"hullo\n"), Exited(0)])
    assert verdict.outcome == "wrong"
    assert "line 1" in verdict.detail and "hullo" in verdict.detail


def test_missing_and_further_lines_are_told_apart() -> None:
    expect = Expect(stdout="a\nb\n")
    short = program.judge(expect, [Wrote("stdout", b"a\n"), Exited(0)])
    long = program.judge(expect, [Wrote("stdout", b"a\nb\nc\n"), Exited(0)])
    assert "ends after 1 lines" in short.detail
    assert "goes on" in long.detail


def test_another_status_is_wrong() -> None:
    verdict = program.judge(HELLO, [Wrote("stdout", b"hello\n"), Exited(3)])
    assert (verdict.outcome, verdict.detail) == ("wrong", "exit status 3, expected 0")


def test_right_output_then_a_crash_is_a_crash() -> None:
    died = Died(11, Report("bad-access", "reads address 0x0"))
    verdict = program.judge(HELLO, [Wrote("stdout", b"hello\n"), died])
    assert verdict.outcome == "crashed"
    assert "0x0" in verdict.detail


def test_a_limit_is_not_a_crash() -> None:
    died = Died(24, Report("time-limit", "ran longer than 5 s"))
    assert program.judge(HELLO, [died]).outcome == "limit"


def test_no_end_is_never_reported() -> None:
    assert program.judge(HELLO, [Wrote("stdout", b"hello\n")]).outcome == "never-reported"


def test_an_operation_that_is_not_offered_is_named() -> None:
    message = b"thread 'main' panicked at src/main.rs:4:5:\nfailed: not offered: fill_random\n"
    verdict = program.judge(HELLO, [Wrote("stderr", message), Exited(101)])
    assert verdict.outcome == "not-offered"
    assert verdict.detail == "not offered: fill_random"


def test_an_expected_panic_passes() -> None:
    expect = Expect(stderr_contains=["panicked"], exit=101)
    assert program.judge(expect, [Wrote("stderr", b"it panicked here\n"), Exited(101)]).passed


@given(st.lists(st.binary(max_size=8)), st.integers(0, 255))
def test_how_output_is_cut_into_events_does_not_matter(chunks: list[bytes], status: int) -> None:
    split = [Wrote("stdout", chunk) for chunk in chunks]
    whole = [Wrote("stdout", b"".join(chunks))]
    assert program.judge(HELLO, [*split, Exited(status)]) == program.judge(HELLO, [*whole, Exited(status)])


def test_a_long_output_in_small_writes_is_copied_seldom() -> None:
    """A state is a value, yet the bytes that all states copy together grow with the output, not its square."""
    seen, copied = program.begin(HELLO), 0
    for _ in range(20_000):
        before = seen.output
        seen = program.step(seen, Wrote("stdout", b"a line\n"))
        copied += sum(len(piece) for piece in seen.output if not any(piece is one for one in before))
    assert seen.stdout == b"a line\n" * 20_000
    assert copied < 20 * len(seen.stdout)


def test_exit_status_keeps_wrong_undecided_and_right_apart() -> None:
    right, wrong, undecided = Verdict("passed"), Verdict("wrong"), Verdict("not-run")
    assert exit_status([right, right]) == 0
    assert exit_status([right, wrong, undecided]) == 1
    assert exit_status([right, undecided]) == 2
    assert exit_status([]) == 2
    for outcome in set(OUTCOMES) - {"passed", "not-run", "could-not-run"}:
        assert exit_status([right, Verdict(outcome)]) == 1  # type: ignore[arg-type]
