"""Faults that are asked for: which calls they strike, what the guest sees, and what is counted."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from portwright.run.events import Injected
from portwright.run.fault_rule import parse
from portwright.run.injection import FaultPlan
from portwright.run.trace import Describer, text_line


@pytest.fixture
def faulty(make_guest: Any) -> Any:
    """A guest some of whose calls fail: `faulty("write=EIO,once")`."""

    def make(*texts: str, **given: Any) -> Any:
        guest = make_guest(**given)
        rules = []
        for text in texts:
            rule, faults = parse(text, guest.ledger)
            assert rule is not None, faults
            rules.append(rule)
        guest.plan = FaultPlan(rules, 1)
        guest.dispatcher._faults = guest.plan
        return guest

    return make


def results(guest: Any, count: int, call: str = "getpid") -> list[bool]:
    """For each of so many calls, whether it failed."""
    return [(guest.call(call) or 0) < 0 for _ in range(count)]


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ("", "xxxxxx"),
        (",once", "x....."),
        (",nth=3", "..x..."),
        (",nth=3..", "..xxxx"),
        (",nth=2..3", ".xx..."),
        (",every=2", ".x.x.x"),
        (",nth=3..,every=2", "...x.x"),
        (",times=2", "xx...."),
        (",every=3,times=1", "..x..."),
    ],
)
def test_which_calls_are_struck(faulty: Any, when: str, struck: str) -> None:
    guest = faulty(f"getpid=EIO{when}")
    assert "".join("x" if failed else "." for failed in results(guest, 6)) == struck
    assert guest.plan.seen() == (
        Injected(str(parse(f"getpid=EIO{when}", guest.ledger)[0]), 6, struck.count("x")),
    )


def test_a_probability_is_repeated_by_its_seed(faulty: Any) -> None:
    runs = [results(faulty(f"getpid=EIO,probability=0.5,seed={seed}"), 64) for seed in (7, 7, 8)]
    assert runs[0] == runs[1] != runs[2]
    assert 10 < sum(runs[0]) < 54
    assert results(faulty("getpid=EIO,probability=1"), 3) == [True] * 3


def test_nothing_is_done_by_a_call_that_is_struck(faulty: Any) -> None:
    guest = faulty("create_directory=EACCES,once")
    path = guest.path("/tmp/new")
    assert guest.call("mkdir", path, 0o755) == guest.error("EACCES")
    assert guest.call("mkdir", path, 0o755) == 0


def test_a_late_fault_comes_when_the_call_is_done(faulty: Any) -> None:
    guest = faulty("mkdir=EIO,late")
    path = guest.path("/tmp/new")
    assert guest.call("mkdir", path, 0o755) == guest.error("EIO")
    assert guest.call("mkdir", path, 0o755) == guest.error("EEXIST")


def test_only_the_file_that_is_named(faulty: Any) -> None:
    guest = faulty("write=EIO,fd=2", "open=EACCES,path=/tmp/*.txt")
    text = guest.put(b"text")
    assert guest.call("write", 1, text, 4) == 4
    assert guest.call("write", 2, text, 4) == guest.error("EIO")
    flags = guest.constant("O_RDWR|O_CREAT")
    assert guest.call("open", guest.path("/tmp/a.txt"), flags, 0o644) == guest.error("EACCES")
    assert guest.call("open", guest.path("/tmp/a.bin"), flags, 0o644) == 3
    assert [(seen.matched, seen.struck) for seen in guest.plan.seen()] == [(1, 1), (1, 1)]


def test_short_counts(faulty: Any) -> None:
    guest = faulty("write=short:3,nth=1..2", "read=short:0")
    text = guest.put(b"12345678")
    assert [guest.call("write", 1, text, length) for length in (8, 2, 8)] == [3, 2, 8]
    assert b"".join(event.data for event in guest.events) == b"1231212345678"
    # A call that asked for no more anyway is not struck.
    assert [(seen.matched, seen.struck) for seen in guest.plan.seen()] == [(3, 1), (0, 0)]
    assert guest.call("read", 0, guest.room(8), 8) == 0


def test_no_room_after_so_many_bytes_and_the_last_write_is_short(faulty: Any) -> None:
    guest = faulty("write=EIO,after=10")
    text = guest.put(b"12345678")
    assert [guest.call("write", 1, text, length) for length in (8, 0, 8, 8, 1)] == [
        *(8, 0, 2),
        *(guest.error("EIO"), guest.error("EIO")),
    ]
    assert b"".join(event.data for event in guest.events) == b"1234567812"


def test_no_memory_after_so_many_bytes(faulty: Any) -> None:
    guest = faulty("map_memory=ENOMEM,after=8K")

    def map_pages(count: int) -> int:
        flags = guest.constant("MAP_PRIVATE|MAP_ANONYMOUS")
        return int(guest.call("mmap", 0, count * 4096, guest.constant("PROT_READ"), flags, 0xFFFF_FFFF << 32))

    assert map_pages(3) == guest.error("ENOMEM")
    assert map_pages(1) > 0 and map_pages(1) > 0
    assert map_pages(1) == guest.error("ENOMEM")


def test_every_rule_counts_and_the_first_that_strikes_decides(faulty: Any) -> None:
    guest = faulty("getpid=EIO,nth=2", "*=EACCES,nth=2..3")
    assert [guest.call("getpid") for _ in range(4)] == [77, guest.error("EIO"), guest.error("EACCES"), 77]
    assert [(seen.matched, seen.struck) for seen in guest.plan.seen()] == [(4, 1), (4, 1)]


def test_a_call_that_the_system_lacks(faulty: Any) -> None:
    guest = faulty("fill_random=ENOSYS")
    assert guest.call("getrandom", guest.room(8), 8, 0) == guest.error("ENOSYS")
    assert guest.call("getpid") == 77


def test_a_call_that_waits_is_counted_once(faulty: Any) -> None:
    """A sleep is served twice: when it begins, and when its time has come."""
    guest = faulty("sleep=EINTR,nth=2", clock="virtual")
    second = guest.put(struct.pack("<QQ", 1, 0))
    answers = [guest.call("nanosleep", second, 0) for _ in range(3)]
    assert answers == [0, guest.error("EINTR"), 0]
    assert guest.plan.seen() == (Injected("sleep=EINTR,nth=2", 3, 1),)


def test_a_trace_says_that_it_was_injected(faulty: Any) -> None:
    guest = faulty("getpid=EIO,once", "write=short:2,once")
    describer = Describer(guest.process)
    lines = []
    guest.dispatcher._tracer = lambda ended: lines.append(describer.describe(ended))
    guest.call("getpid")
    guest.call("getpid")
    guest.call("write", 1, guest.put(b"abcd"), 4)
    assert [text_line(called) for called in lines] == [
        f"getpid() = {guest.error('EIO')} EIO (Input/output error) (injected)",
        "getpid() = 77",
        'write(1, "abcd", 4) = 2 (injected)',
    ]
    assert [called.injected for called in lines] == ["getpid=EIO,nth=1", None, "write=short:2,nth=1"]
