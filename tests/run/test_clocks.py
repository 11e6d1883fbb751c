"""The guest's clocks: a virtual one stands still for who works and hurries for who only waits."""

from __future__ import annotations

from portwright.describe.port import load
from portwright.run.clocks import VIRTUAL_STEP, Clocks


def clocks() -> tuple[Clocks, int]:
    ledger = load("x86_64-portwright-linux").ledger
    return Clocks(ledger, "virtual", 10**9), next(iter(ledger.clocks.values())).id


def test_each_reading_is_a_small_step_and_a_wait_is_what_it_says() -> None:
    own, clock = clocks()
    first, second = own.read(clock), own.read(clock)
    assert first is not None and second == first + VIRTUAL_STEP
    own.pass_time(5 * 10**9)
    assert own.read(clock) == second + 5 * 10**9 + VIRTUAL_STEP
    assert own.read(999) is None


def test_who_reads_until_a_second_is_over_does_not_read_a_million_times() -> None:
    own, clock = clocks()
    began = own.read(clock)
    assert began is not None
    readings = 0
    while (own.read(clock) or 0) < began + 10**9:
        readings += 1
    assert 10_000 < readings < 150_000
    own.pass_time(1)
    last = own.read(clock)
    assert last is not None and own.read(clock) == last + VIRTUAL_STEP
