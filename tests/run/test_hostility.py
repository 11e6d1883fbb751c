"""Hostility is seeded: the same choices from the same seed, none in a kind run, and garbage that hurts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.run.hostility import Hostility


@given(st.integers(0, 1 << 30), st.integers(0, 5000))
def test_shortened_is_never_more_and_never_nothing_of_some(seed: int, length: int) -> None:
    hostility = Hostility(seed)
    for _ in range(20):
        found = hostility.shorten(length)
        assert 0 <= found <= length and (found > 0 or length == 0)


def test_a_hostile_run_does_what_a_kind_run_does_not() -> None:
    hostile, kind = Hostility(1), Hostility(1, kind=True)
    assert len({hostile.shorten(1000) for _ in range(100)}) > 10
    assert {kind.shorten(1000) for _ in range(100)} == {1000}
    assert {hostile.interrupts() for _ in range(100)} == {True, False}
    assert {kind.interrupts() for _ in range(100)} == {False}
    assert len({hostile.gap(4096) for _ in range(100)}) > 10
    assert {kind.gap(4096) for _ in range(100)} == {0}
    shuffled, kept = list(range(50)), list(range(50))
    hostile.shuffle(shuffled)
    kind.shuffle(kept)
    assert shuffled != kept == sorted(shuffled)
    assert kind.garbage(5000) == bytes(5000) and kind.register_sets({"rcx": 64}) == []


def test_choices_follow_the_seed_and_random_bytes_do_not_follow_choices() -> None:
    def choices(seed: int) -> list[int]:
        hostility = Hostility(seed)
        return [hostility.shorten(1 << 20) for _ in range(50)]

    assert choices(1) == choices(1) != choices(2)
    one, other = Hostility(7), Hostility(7, kind=True)
    for _ in range(10):
        one.shorten(100)
    assert one.random_bytes(32) == other.random_bytes(32)


@pytest.mark.parametrize("bits", [32, 64, 128])
def test_garbage_for_registers_is_neither_zero_nor_an_address(bits: int) -> None:
    for values in Hostility(3).register_sets({"a": bits, "b": bits}):
        for value in values.values():
            assert 0 < value < 1 << bits and value & 1
            assert value >> bits - 2 == 1, "no canonical address of x86-64 begins so"


def test_garbage_for_memory_has_no_zero() -> None:
    data = Hostility(3).garbage(10_000)
    assert len(data) == 10_000 and 0 not in data
