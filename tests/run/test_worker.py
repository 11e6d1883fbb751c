"""Functions that run in a process of their own: results, events, exceptions, and every way to die."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portwright.base.errors import BadInput, Fault
from portwright.run import engine as engines
from portwright.run.engine import Access, Setup
from portwright.run.worker import WorkerDied, in_worker

Emit = Callable[[object], None]


def count(to: int, emit: Emit) -> int:
    for number in range(to):
        emit({"number": number, "text": "x" * 10_000})
    return os.getpid()


def fail_as_bad_input(emit: Emit) -> None:
    raise BadInput([Fault("it is wrong", hint="make it right")])


class Odd(Exception):
    """An exception that pickle makes and cannot read."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"odd {one + two}")


def fail_oddly(emit: Emit) -> None:
    raise Odd(1, 2)


def die(how: str, emit: Emit) -> None:
    emit("before")
    faulthandler.disable()  # pytest's: it would only fill the log
    if how == "abort":
        ctypes.CDLL(None).abort()
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "segv":
        ctypes.string_at(0)
    if how == "exit":
        os._exit(3)


def use_memory(size: int, emit: Emit) -> str:
    try:
        bytearray(size)
    except MemoryError:
        return "refused"
    return "given"


def say_pid_and_wait(emit: Emit) -> None:
    emit(os.getpid())
    time.sleep(60)


def run_endless_unicorn(emit: Emit) -> None:
    engine = engines.create(Setup("x86-64", "syscall"), "unicorn")
    engine.map(0x40_0000, 0x1000, Access.READ | Access.EXECUTE)
    engine.write(0x40_0000, b"\xeb\xfe")
    engine.set({"pc": 0x40_0000})
    emit(os.getpid())
    engine.run(lambda: True)


@pytest.fixture(params=["forked", "fresh"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both kinds of worker: a fork of a process with one thread, a fresh Python beside several."""
    if request.param == "fresh":
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
        done = threading.Event()
        other = threading.Thread(target=done.wait)
        other.start()
        yield request.param
        done.set()
        other.join()
    else:
        if threading.active_count() > 1:
            pytest.skip("forked worker: this test process has several threads")
        yield request.param


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_events_come_in_order_and_the_result_at_the_end(way: str) -> None:
    events: list[dict[str, object]] = []
    pid = in_worker(count, 100, emit=events.append)
    assert pid != os.getpid() and gone(pid)
    assert [event["number"] for event in events] == list(range(100))


def test_exceptions_come_back(way: str) -> None:
    with pytest.raises(BadInput) as error:
        in_worker(fail_as_bad_input, emit=print)
    assert error.value.faults == [Fault("it is wrong", hint="make it right")]
    with pytest.raises(Exception, match="odd 3"):
        in_worker(fail_oddly, emit=print)


@pytest.mark.parametrize(
    ("how", "words"), [("abort", "SIGABRT"), ("kill", "SIGKILL"), ("segv", "SIGSEGV"), ("exit", "status 3")]
)
def test_a_death_is_said_and_what_came_before_is_kept(way: str, how: str, words: str) -> None:
    events: list[object] = []
    with pytest.raises(WorkerDied) as error:
        in_worker(die, how, emit=events.append)
    assert words in error.value.how
    assert events == ["before"]


def test_memory_beyond_the_limit_is_refused(way: str) -> None:
    assert in_worker(use_memory, 1 << 30, emit=print, memory=256 << 20) == "refused"
    assert in_worker(use_memory, 1 << 20, emit=print, memory=256 << 20) == "given"


def test_one_that_takes_too_long_is_ended(way: str) -> None:
    seen: list[int] = []
    with pytest.raises(WorkerDied) as error:
        in_worker(say_pid_and_wait, emit=seen.append, seconds=1.0)
    assert error.value.late and all(gone(pid) for pid in seen)  # none where it had not even begun
    assert in_worker(use_memory, 1, emit=print, seconds=60.0) == "given"


def test_an_exception_of_the_listener_ends_the_worker(way: str) -> None:
    seen: list[int] = []

    def listen(event: object) -> None:
        assert isinstance(event, int)
        seen.append(event)
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        in_worker(say_pid_and_wait, emit=listen)
    assert gone(seen[0]) and time.monotonic() - began < 20


PARENT = """
from test_worker import {function}
from portwright.run.worker import in_worker
try:
    in_worker({function}, emit=lambda event: print(event, flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("function", ["say_pid_and_wait", "run_endless_unicorn"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_its_parent(function: str, number: int) -> None:
    here, source = Path(__file__).parent, Path(engines.__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(function=function)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{source}:{here}"},
        process_group=0,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    time.sleep(0.2)
    if number == signal.SIGINT:
        os.killpg(parent.pid, number)  # as the terminal does: to the worker too
    else:
        parent.send_signal(number)
    out, _ = parent.communicate(timeout=20)
    assert gone(pid)
    assert (b"interrupted" in out) == (number == signal.SIGINT)
