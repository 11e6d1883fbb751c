"""The operations on the process, time and randomness: exit, process_id, yield_now, set_thread_pointer,
clock_read, sleep, fill_random."""

from __future__ import annotations

import time

import pytest

from portwright.run.events import Died, Exited
from portwright.run.limits import Limits

REALTIME, MONOTONIC = 0, 1


def clock(guest, number: int) -> int:
    room = guest.room(16)
    assert guest.call("clock_gettime", number, room) == 0
    seconds, nanoseconds = guest.space.read(room, 8), guest.space.read(room + 8, 8)
    return int.from_bytes(seconds, "little") * 10**9 + int.from_bytes(nanoseconds, "little")


def timespec(guest, nanoseconds: int) -> int:
    seconds, rest = divmod(nanoseconds, 10**9)
    return guest.put(seconds.to_bytes(8, "little", signed=True) + rest.to_bytes(8, "little"))


@pytest.mark.parametrize(("status", "seen"), [(0, 0), (42, 42), (256 + 7, 7), (-1, 255)])
def test_exit_ends_the_guest_with_the_low_byte(guest, status: int, seen: int) -> None:
    assert guest.call("exit", status) is None
    assert guest.process.end == Exited(seen)


def test_process_id_is_the_same_every_time(guest) -> None:
    assert guest.call("getpid") == guest.call("getpid") == 77


def test_yield_now_comes_back(guest) -> None:
    assert guest.call("yield") == 0


def test_set_thread_pointer(guest) -> None:
    assert guest.call("arch_prctl", 0x1002, 0x1234_5000) == 0
    assert guest.engine.registers["thread-pointer"] == 0x1234_5000
    assert guest.call("arch_prctl", 0x1002, 1 << 63) == guest.error("EPERM")
    assert guest.engine.registers["thread-pointer"] == 0x1234_5000
    assert guest.call("arch_prctl", 0x1003, guest.room(8)) == guest.error("EINVAL")
    assert "0x1003" in guest.reports[0][1]


def test_clock_read_counts_from_the_ledgers_epoch_in_its_steps(guest, make_guest) -> None:
    assert guest.ledger.clocks["monotonic"].epoch == "boot"
    one, two = clock(guest, MONOTONIC), clock(guest, MONOTONIC)
    assert 10**9 <= one <= two < 10**9 + 60 * 10**9
    assert one % guest.ledger.clocks["monotonic"].resolution == 0
    assert guest.call("clock_gettime", 9, guest.room(16)) == guest.error("EINVAL")
    clocks = {
        **guest.ledger.clocks,
        "realtime": guest.ledger.clocks["realtime"].model_copy(update={"epoch": "unix"}),
    }
    unix = make_guest(ledger=guest.ledger.model_copy(update={"clocks": clocks}))
    assert abs(clock(unix, REALTIME) - time.time_ns()) < 10 * 10**9


def test_virtual_clocks_repeat_and_go_on_with_sleep(make_guest) -> None:
    def times() -> list[int]:
        guest = make_guest(clock="virtual")
        one = clock(guest, MONOTONIC)
        guest.call("nanosleep", timespec(guest, 3600 * 10**9), 0)
        return [one, clock(guest, MONOTONIC)]

    began = time.monotonic()
    first, second = times(), times()
    assert time.monotonic() - began < 10
    assert first == second
    assert first[1] - first[0] >= 3600 * 10**9


def test_sleep_takes_as_long_as_it_says(guest) -> None:
    began = time.monotonic_ns()
    assert guest.call("nanosleep", timespec(guest, 30_000_000), 0) == 0
    assert time.monotonic_ns() - began >= 30_000_000
    assert guest.call("nanosleep", guest.put(bytes(8) + (10**9).to_bytes(8, "little")), 0) == guest.error(
        "EINVAL"
    )
    assert guest.call("nanosleep", timespec(guest, -(10**9)), 0) == guest.error("EINVAL")


def test_an_interrupted_sleep_says_what_is_left(make_guest) -> None:
    guest = make_guest(kind=False, clock="virtual")
    seen = set()
    for _ in range(200):
        rest = guest.room(16)
        result = guest.call("nanosleep", timespec(guest, 10**9), rest)
        seen.add(result)
        if result == guest.error("EINTR"):
            assert guest.space.read(rest, 8) == bytes(8)
            assert 0 < int.from_bytes(guest.space.read(rest + 8, 8), "little") < 10**9
    assert seen == {0, guest.error("EINTR")}
    nowhere = {guest.call("nanosleep", timespec(guest, 1000), 0) for _ in range(50)}
    assert nowhere == {0}, "who cannot learn what is left is not interrupted"


def test_a_sleep_ends_with_the_guests_time(make_guest) -> None:
    guest = make_guest(limits=Limits(seconds=0.1))
    guest.process.watch.start()
    began = time.monotonic()
    assert guest.call("nanosleep", timespec(guest, 3600 * 10**9), 0) is None
    guest.process.watch.stop()
    assert time.monotonic() - began < 5
    assert isinstance(guest.process.end, Died) and guest.process.end.report.kind == "time-limit"


def test_fill_random_follows_the_seed_and_the_ledgers_limit(make_guest) -> None:
    def data(seed: int) -> bytes:
        guest = make_guest(seed=seed)
        room = guest.room(64)
        assert guest.call("getrandom", room, 32, 0) == 32
        found = guest.space.read(room, 64)
        assert found[32:] == b"\xee" * 32
        limit = guest.ledger.syscalls["getrandom"].limit.at_most
        assert guest.call("getrandom", guest.room(limit + 1), limit, 0) == limit
        assert guest.call("getrandom", guest.room(limit + 1), limit + 1, 0) == limit
        return found

    assert data(1) == data(1) != data(2)
