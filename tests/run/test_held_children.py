"""An OS that runs a child only while its parent waits: in `wait` and in a pipe's `read`, and then to its end."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from portwright.run.events import Exited
from portwright.run.process import Process


@pytest.fixture
def veridian(guest: Any) -> Any:
    """A guest of VeridianOS's calls, whose ledger says that children wait for their parent to."""
    assert guest.ledger.processes.children == "run-when-waited-for"
    return guest


def forked(guest: Any) -> Process:
    number = guest.call("fork")
    child: Process = guest.process.kernel.processes[number]
    return child


def waits(guest: Any, name: str, *arguments: int) -> None:
    """The first process makes a call that puts it to sleep."""
    abi, number = guest.ledger.abi, guest.ledger.syscalls[name].number
    kernel = guest.process.kernel
    kernel.load(guest.process.thread)
    guest.engine.set({abi.number: number, **dict(zip(abi.arguments, arguments, strict=False))})
    assert not guest.dispatcher.trap() and guest.process.thread.asleep


def answer(guest: Any) -> int:
    """It is its turn again: what its call answers now."""
    thread = guest.process.thread
    kernel = guest.process.kernel
    assert kernel.next() is thread and kernel.enter(thread)
    result: int = guest.engine.registers[guest.ledger.abi.result]
    return result


def ends(guest: Any, child: Process, status: int) -> None:
    """A child has its turn, alone, and ends."""
    kernel = guest.process.kernel
    for _ in range(5):
        assert kernel.next() is child.thread
        kernel.give_way(child.thread)
    child.finish(Exited(status))


def pipe(guest: Any) -> tuple[int, int]:
    place = guest.room(8)
    assert guest.call("pipe2", place, 0) == 0
    reading, writing = struct.unpack("<ii", guest.space.read(place, 8))
    return reading, writing


def test_a_child_does_not_run_beside_its_parent(veridian: Any) -> None:
    child, kernel = forked(veridian), veridian.process.kernel
    for _ in range(5):
        assert veridian.call("yield") == 0
        assert kernel.next() is veridian.process.thread
    assert veridian.call("wait", child.id, 0, veridian.constant("WNOHANG")) == 0, "asking alone runs nobody"
    assert child.held and child.end is None


def test_it_runs_to_its_end_in_the_wait(veridian: Any) -> None:
    one, two = forked(veridian), forked(veridian)
    status = veridian.room(4)
    waits(veridian, "wait", two.id, status, 0)
    ends(veridian, two, 3)
    assert one.held, "the wait was for the other"
    assert answer(veridian) == two.id
    assert struct.unpack("<i", veridian.space.read(status, 4)) == (3 << 8,)
    waits(veridian, "wait", 0, status, 0)
    ends(veridian, one, 4)
    assert answer(veridian) == one.id


def test_a_read_of_an_empty_pipe_runs_one_child_after_the_other(veridian: Any) -> None:
    reading, writing = pipe(veridian)
    silent, talks = forked(veridian), forked(veridian)
    place = veridian.room(8)
    waits(veridian, "read", reading, place, 8)
    ends(veridian, silent, 0)
    kernel = veridian.process.kernel
    assert kernel.next() is veridian.process.thread and not kernel.enter(veridian.process.thread)
    assert kernel.next() is talks.thread, "nothing came from the first"
    talks.files.get(writing).write(b"said")
    ends(veridian, talks, 0)
    assert answer(veridian) == 4 and veridian.space.read(place, 4) == b"said"


def test_what_lies_in_a_pipe_is_read_without_running_anybody(veridian: Any) -> None:
    reading, writing = pipe(veridian)
    child = forked(veridian)
    assert veridian.call("write", writing, veridian.put(b"here"), 4) == 4
    assert veridian.call("read", reading, veridian.room(8), 8) == 4
    assert child.held


def test_an_orphan_that_has_not_begun_never_does(veridian: Any) -> None:
    child = forked(veridian)
    grandchild = child.kernel.programs.fork(child)
    waits(veridian, "wait", child.id, 0, 0)
    ends(veridian, child, 0)
    assert answer(veridian) == child.id
    assert grandchild.held and grandchild.parent is None
