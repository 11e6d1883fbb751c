"""Boots judged from events alone: order, deadlines, pieces, floods, and what is wanted of whoever drives."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portwright.describe.known_failure import KnownFailure
from portwright.describe.machine import Activity, Machine, Milestone
from portwright.judge import boot
from portwright.judge.boot import Rules, Seen
from portwright.run.events import (
    Answer,
    ConsoleOutput,
    Cpu,
    CpusSampled,
    Frame,
    MachineEnded,
    MachineEvent,
    MachineReset,
    MachineStarted,
    Ticked,
)

STARTED = MachineStarted(0.0, "qemu", "a test", 2.0)


def machine(**others: object) -> Machine:
    milestones = [
        Milestone(name="one", text="ONE", seconds=5),
        Milestone(name="two", pattern=r"^TWO (?P<count>\d+)/3", expect={"count": "3"}, seconds=5),
        Milestone(name="three", text="THREE", seconds=1),
    ]
    given: dict[str, object] = {
        "kind": "any",
        "milestone": milestones,
        "panics": ["PANIC"],
        "crashes": ["FATAL"],
    }
    return Machine.model_validate({**given, **others})


def seen_after(events: Iterable[MachineEvent], **others: object) -> Seen:
    seen = boot.begin(Rules(machine(**others)))
    for event in [STARTED, *events]:
        seen = boot.step(seen, event)
    return seen


def said(text: str, at: float = 0.1) -> ConsoleOutput:
    return ConsoleOutput(at, text.encode())


GOOD = "ONE\r\nTWO 3/3\r\nTHREE\r\n"


def test_passed_only_after_a_while() -> None:
    seen = seen_after([said(GOOD)])
    assert seen.verdict is None
    assert boot.step(seen, Ticked(0.3)).verdict is None
    done = boot.step(seen, Ticked(0.8)).verdict
    assert done is not None and done.passed
    assert done.detail == "3 milestones in 0.1 s"


def test_what_stays_is_up_and_not_over() -> None:
    seen = boot.begin(Rules(machine(), stay=True))
    for event in (STARTED, said(GOOD), Ticked(5.0)):
        seen = boot.step(seen, event)
    assert seen.booted and seen.verdict is None
    assert boot.close(seen).passed
    dead = boot.step(boot.step(seen, said("PANIC", 6.0)), Ticked(7.0)).verdict
    assert dead is not None and dead.outcome == "panicked"


@pytest.mark.parametrize("text", ["THREE\nONE\nTWO 3/3\n", "ONE\nONE\nTHREE\n", "TWO 3/3\nTHREE\n"])
def test_order_counts(text: str) -> None:
    seen = seen_after([said(text), MachineEnded(1.0, "powered-off")])
    assert seen.verdict is not None and seen.verdict.outcome == "never-reported"


def test_a_later_milestone_that_came_too_early_is_told() -> None:
    seen = seen_after([said("ONE\nTHREE\n"), MachineEnded(1.0, "powered-off")])
    assert seen.verdict is not None
    assert "`two` was never seen, although `three`, which comes later, was" in seen.verdict.detail


def test_a_value_that_differs_is_wrong_at_once_and_not_before_it_is_whole() -> None:
    seen = seen_after([said("ONE\nTWO 2/3")])
    assert seen.verdict is None
    assert boot.step(seen, said("\n", 0.2)).verdict is not None
    assert seen_after([said("ONE\nTWO 2/3\n")]).verdict == boot.step(seen, said("\n", 0.2)).verdict


def test_deadlines_are_scaled_and_ask_for_the_cpus_first() -> None:
    seen = seen_after([said("ONE\nTWO 3/3\n", 1.0), Ticked(2.9)])
    assert seen.deadline == 3.0
    assert seen.wants_cpus == ""
    late = boot.step(seen, Ticked(3.01))
    assert late.wants_cpus == "look" and late.verdict is None
    frames = (Frame(0x1000, "turn", 4), Frame(0x2000, "main", 8))
    cpu = Cpu(0, (0x1000,) * 8, backtrace=frames)
    verdict = boot.step(late, CpusSampled(3.01, "spinning", (cpu,))).verdict
    assert verdict is not None and verdict.outcome == "silent"
    assert "spinning in turn+0x4, called by main+0x8; no output for 2.0 s after `two`" in verdict.detail


def test_a_glance_at_a_silence_ends_only_what_is_dead() -> None:
    seen = seen_after([said("ONE\n", 1.0), Ticked(3.0)])
    assert seen.wants_cpus == "glance"
    asleep = Cpu(0, (16, 16), halted=True)
    idle = boot.step(seen, CpusSampled(3.0, "idle", (asleep,)))
    assert idle.verdict is None and idle.wants_cpus == ""
    assert boot.step(idle, Ticked(4.0)).wants_cpus == ""
    assert boot.step(idle, Ticked(5.1)).wants_cpus == "glance", "again, after as long a silence"
    dead = boot.step(seen, CpusSampled(3.0, "dead", (replace(asleep, interrupts=False),)))
    assert dead.verdict is not None and "nothing can wake it" in dead.verdict.detail


def test_a_console_that_goes_on_is_not_silent() -> None:
    seen = seen_after([said("ONE\nTWO 3/3\n", 1.0), said("still here\n", 2.99), Ticked(3.1)])
    verdict = boot.step(seen, CpusSampled(3.1, "running")).verdict
    assert verdict is not None and verdict.outcome == "never-reported"


def test_the_same_line_without_end_is_a_flood() -> None:
    seen = seen_after([said("ONE\n"), said("again\n" * 5000, 9.9), Ticked(10.2)])
    verdict = boot.step(seen, CpusSampled(10.2, "spinning")).verdict
    assert verdict is not None and verdict.outcome == "flood"
    verdict = seen_after([said("x" * 600)], most_output=500).verdict
    assert verdict is not None and verdict.outcome == "flood"


ENDS = {
    "triple-fault": ("crashed", "triple fault in f+0x1"),
    "reset": ("crashed", "the guest reset the machine"),
    "killed": ("crashed", "killed from outside by SIGKILL"),
    "exited": ("crashed", "ended with status -9: last words"),
    "closed": ("crashed", "the console just ends, without a word"),
    "not-started": ("could-not-run", "last words"),
    "powered-off": ("never-reported", "milestone `two` was never seen"),
}


@pytest.mark.parametrize("how", ENDS)
def test_each_way_to_end(how: str) -> None:
    cpu = Cpu(0, (1,), backtrace=(Frame(1, "f", 1),))
    end = MachineEnded(1.0, how, -9, "first words\nlast words", cpu if how == "triple-fault" else None)  # type: ignore[arg-type]
    verdict = seen_after([said("ONE\n"), end]).verdict
    assert verdict is not None
    assert verdict.outcome == ENDS[how][0]
    assert ENDS[how][1] in verdict.detail


def test_last_words_are_waited_for_and_quoted() -> None:
    seen = seen_after([said("ONE\nPAN", 1.0), said("IC: ou", 1.1), said("ch\n at f\n", 1.2), Ticked(1.3)])
    assert seen.verdict is None
    verdict = boot.step(seen, Ticked(1.6)).verdict
    assert verdict is not None
    assert verdict.detail == "`PANIC: ouch` after `one`, waiting for `two`"
    assert "at f" in verdict.evidence
    whole = seen_after([said("ONE\nPANIC: ouch\n"), MachineEnded(0.2, "reset")]).verdict
    assert whole is not None and whole.outcome == "panicked"


def test_milestones_before_a_panic_count_and_those_behind_it_do_not() -> None:
    seen = seen_after([said("ONE\nPANIC\nTWO 3/3\nTHREE\n"), Ticked(1.0)])
    assert [row.name for row in seen.reached] == ["one"]
    assert seen.verdict is not None and seen.verdict.outcome == "panicked"


def test_terminal_commands_hide_no_line(size: int = 3) -> None:
    text = b"\x1b[2J\x1b[01;01HONE\r\n\x1b[1m\x1b[33mTWO 3/3\x1b[0m\r\n\x1b[?7lTHREE\r\n"
    pieces = [ConsoleOutput(0.1, text[place : place + size]) for place in range(0, len(text), size)]
    milestones = [{"name": name, "pattern": f"^{name}"} for name in ("ONE", "TWO", "THREE")]
    seen = seen_after([*pieces, Ticked(2.0)], milestone=milestones)
    assert seen.verdict is not None and seen.verdict.passed


def test_resets_and_banners_are_counted() -> None:
    assert seen_after([MachineReset(0.1, "host-qmp-system-reset", by_guest=False)]).verdict is None
    assert seen_after([MachineReset(0.1, "guest-reset")]).verdict is not None
    seen = seen_after(
        [said("ONE\n"), MachineReset(0.2, "guest-reset"), said("ONE\n", 0.3)], reboots=1, restarts="^ONE"
    )
    assert seen.verdict is None
    again = boot.step(seen, said("junk\nONE\n", 0.5)).verdict
    assert again is not None and "it starts anew: `ONE` again" in again.detail


def test_an_activity_is_named() -> None:
    rows = [Activity(name="the program {path}", begin="RUN (?P<path>\\S+)", end="DONE")]
    text = "ONE\nRUN /bin/a\nDONE\nRUN /bin/b\nFATAL\n"
    verdict = seen_after([said(text), Ticked(1.0)], activity=rows).verdict
    assert verdict is not None and verdict.detail.endswith("during the program /bin/b")
    verdict = seen_after([said(text.replace("FATAL", "DONE\nFATAL")), Ticked(1.0)], activity=rows).verdict
    assert verdict is not None and "during" not in verdict.detail


def test_known_failures_end_a_boot_or_explain_it() -> None:
    ends = KnownFailure(
        name="a",
        pattern="no disk",
        cause="c",
        cure="d",
        outcome="no-boot-target",
        early=True,
        confidence="certain",
    )
    tells = KnownFailure(
        name="b", pattern="first\\nsecond", cause="c", cure="d", lines=2, confidence="possible"
    )
    rules = Rules(machine(), (tells, ends))
    seen = boot.judge(rules, [STARTED, said("no disk\n"), Ticked(1.0)])
    assert seen.verdict is not None and seen.verdict.outcome == "no-boot-target"
    later = boot.judge(rules, [STARTED, said("ONE\nno disk\nfirst\nsecond\nPANIC\n"), Ticked(1.0)])
    assert later.verdict is not None and later.verdict.outcome == "panicked"
    assert [row.name for row, _ in boot.explain(rules.failures, later)] == ["b"]


def test_commands_are_judged_with_the_machine() -> None:
    up = seen_after([said(GOOD)])
    assert boot.judge_command(up, Answer("x", "out", 0), 0, ["out"]).passed
    assert boot.judge_command(up, Answer("x", "out", 0), 0, ["other"]).outcome == "wrong"
    assert boot.judge_command(up, Answer("x", "", 1), 0, []).outcome == "wrong"
    assert "tells no exit status" in boot.judge_command(up, Answer("x", ""), 0, []).detail
    assert boot.judge_command(up, Answer("x", "", ended=False), 0, []).outcome == "limit"
    dead = boot.step(up, said("PANIC\n"))
    assert boot.judge_command(dead, Answer("x", "", 0), 0, []).outcome == "panicked"


@given(some.binary(max_size=400), some.integers(1, 40))
def test_any_bytes_in_any_pieces(data: bytes, size: int) -> None:
    text = b"ONE\n" + data.replace(b"\n", b"") + b"\nTWO 3/3\r\nTHREE\n"
    pieces = [ConsoleOutput(0.1, text[place : place + size]) for place in range(0, len(text), size)]
    seen = seen_after([*pieces, Ticked(2.0)])
    whole = seen_after([ConsoleOutput(0.1, text), Ticked(2.0)])
    assert seen.verdict is not None and whole.verdict is not None
    assert seen.verdict.outcome == whole.verdict.outcome


def test_a_hundred_megabytes_take_no_memory_and_less_than_a_second() -> None:
    line = b"[    1.234567] something happens again and again: 0x1234 and so on\n"
    chunk = ConsoleOutput(0.1, line * 15000)
    rules = Rules(machine(most_output=1 << 30))
    seen = boot.step(boot.begin(rules), STARTED)
    began = time.process_time()
    for _ in range(100):
        seen = boot.step(seen, chunk)
    seen = boot.step(boot.step(seen, said(GOOD, 0.2)), Ticked(1.0))
    spent = time.process_time() - began
    assert seen.verdict is not None and seen.verdict.passed
    assert seen.total > 95 << 20
    assert len(seen.tail) + len(seen.line) < 100_000
    assert spent < 3, "half a second on an idle machine"
