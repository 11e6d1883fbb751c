"""The native engine: what its guests cannot do to the host, whatever they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from portwright.base.children import WAIT_ALL
from portwright.base.errors import BadInput
from portwright.run import native_stub, ptrace
from portwright.run.cpu import engine_cpu
from portwright.run.engine import Access, CannotMap, Setup, choose, serves
from portwright.run.engines import native
from portwright.run.guest_process import GuestProcess

CODE = 0x40_0000
HOSTED = engine_cpu("x86-64").hosted
assert HOSTED is not None

if reason := serves("native", Setup("x86-64", "syscall")):
    pytest.skip(f"native engine: {reason}", allow_module_level=True)


@pytest.fixture
def process():
    made = GuestProcess.start(HOSTED, 62)
    yield made
    made.close()


def mapped(pid: int) -> list[tuple[int, int, str]]:
    rows = [row.split() for row in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    places = [(*(int(part, 16) for part in row[0].split("-")), row[1]) for row in rows]
    return [place for place in places if place[0] < 1 << 63]


def test_a_new_guest_has_one_page_and_no_files(process: GuestProcess) -> None:
    assert mapped(process.pid) == [(HOSTED.page, HOSTED.page + 0x1000, "r-xp")]
    assert list(Path(f"/proc/{process.pid}/fd").iterdir()) == []
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
    assert Path(f"/proc/{process.pid}/environ").read_bytes() == b""
    assert os.getsid(process.pid) == process.pid  # the terminal's signals do not reach it


def test_the_stubs_page_is_not_the_guests(make_guest) -> None:
    guest = make_guest("native")
    for call in (guest.engine.map, guest.engine.protect):
        with pytest.raises(CannotMap):
            call(HOSTED.page, 0x1000, Access.READ | Access.WRITE)
    with pytest.raises(CannotMap):
        guest.engine.unmap(HOSTED.page - 0x1000, 0x2000)
    # It runs the stub's own system call instruction: that traps like any other.
    stop = guest.run("ffe0", rax=HOSTED.page, rdi=1)
    assert stop.reason == "trap-ended"
    assert guest.get("pc", "rax") == [HOSTED.page + 2, HOSTED.page]


@pytest.mark.parametrize("number", [39, 1, 60, 57, 9, 0x4000_0027, 101])
def test_a_call_that_escaped_would_kill_the_guest(process: GuestProcess, number: int) -> None:
    """The second lock, tried with the first one open (resumed without SYSEMU)."""
    process.call("mmap", CODE, 0x1000, 5, native_stub.MAP_FLAGS, -1, 0)
    process.write(CODE, b"\xb8" + number.to_bytes(4, "little") + b"\x0f\x05\xcc")
    process.registers.words[HOSTED.words["pc"]] = CODE
    process.registers.store()
    ptrace.request(ptrace.CONT, process.pid)
    _, status = os.waitpid(process.pid, WAIT_ALL)
    process.reaped()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS


def test_a_32_bit_call_that_escaped_would_kill_the_guest(process: GuestProcess) -> None:
    process.call("mmap", CODE, 0x1000, 5, native_stub.MAP_FLAGS, -1, 0)
    process.write(CODE, b"\xb8\x14\0\0\0\xcd\x80\xcc")  # getpid
    process.registers.words[HOSTED.words["pc"]] = CODE
    process.registers.store()
    ptrace.request(ptrace.CONT, process.pid)
    _, status = os.waitpid(process.pid, WAIT_ALL)
    process.reaped()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS


@pytest.mark.parametrize("call", ["prctl", "seccomp", "close_range"])
def test_after_the_seal_even_the_stub_may_only_map(process: GuestProcess, call: str) -> None:
    with pytest.raises(ptrace.Gone, match="SIGSYS"):
        process.call(call, 0, 0, 0)


def test_the_stub_may_map_nothing_but_fresh_private_memory(process: GuestProcess) -> None:
    shared_anonymous = 0x1 | 0x20
    with pytest.raises(ptrace.Gone, match="SIGSYS"):
        process.call("mmap", CODE, 0x1000, 3, shared_anonymous, -1, 0)


def test_memory_limit_is_held_by_the_host_too(make_guest) -> None:
    guest = make_guest("native", Setup("x86-64", "syscall", memory_limit=64 << 20))
    guest.engine.map(0x1000_0000_0000, 32 << 20, Access.READ)
    with pytest.raises(CannotMap) as error:
        guest.engine.map(0x2000_0000_0000, 1 << 30, Access.READ)
    assert error.value.exhausted


def test_cpu_limit_is_held_by_the_host_too(make_guest) -> None:
    guest = make_guest("native", Setup("x86-64", "syscall", cpu_seconds=0))
    stop = guest.run("ebfe")
    assert stop.reason == "engine-died"
    assert "SIGKILL" in stop.detail or "SIGXCPU" in stop.detail


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGTRAP])
def test_a_signal_from_outside_is_said_to_be_one(make_guest, number: int) -> None:
    guest = make_guest("native")
    pid = guest.engine._process.pid
    sender = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.2; kill -{int(number)} {pid}"])
    stop = guest.run("ebfe")
    sender.wait()
    assert stop.reason == "engine-died"
    assert signal.Signals(number).name in stop.detail


def test_harmless_signals_from_outside_do_nothing(make_guest) -> None:
    guest = make_guest("native")
    pid, count = guest.engine._process.pid, 0

    def on_trap() -> bool:
        nonlocal count
        count += 1
        if count < 200:
            for number in (signal.SIGCONT, signal.SIGWINCH, signal.SIGSTOP, native.INTERRUPT):
                os.kill(pid, number)
        return count < 300

    assert guest.run("0f05 48ffc3 ebf9", on_trap, rbx=0).reason == "trap-ended"
    assert guest.get("rbx") == [299]


def test_maps_made_while_signals_come_in_are_whole(make_guest) -> None:
    guest = make_guest("native")
    for index in range(50):
        os.kill(guest.engine._process.pid, native.INTERRUPT)
        guest.engine.map(0x1000_0000 + index * 0x1000, 0x1000, Access.READ)
    assert (0x1000_0000, 0x1000_0000 + 50 * 0x1000, "r--p") in mapped(guest.engine._process.pid)


def test_closing_leaves_nothing(make_guest) -> None:
    files = len(list(Path("/proc/self/fd").iterdir()))
    guest = make_guest("native")
    pid = guest.engine._process.pid
    guest.run("0f05")
    guest.engine.close()
    assert not Path(f"/proc/{pid}").exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == files


def test_a_forgotten_engine_is_ended(make_guest) -> None:
    engine = native.make(Setup("x86-64", "syscall"))
    pid = engine._process.pid
    assert Path(f"/proc/{pid}").exists()
    del engine
    assert not Path(f"/proc/{pid}").exists()


TRACER = """
import sys
from portwright.run.engine import Access, Setup
from portwright.run.engines import native
engine = native.make(Setup("x86-64", "syscall"))
engine.map(0x400000, 4096, Access.READ | Access.EXECUTE)
engine.write(0x400000, bytes.fromhex("0f05 ebfe"))
engine.set({"pc": 0x400000})
print(engine._process.pid, flush=True)
engine.run(lambda: True)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_guest_outlives_its_tracer(number: int) -> None:
    source = Path(native.__file__).parents[3]
    tracer = subprocess.Popen(
        [sys.executable, "-c", TRACER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(source)},
    )
    assert tracer.stdout is not None
    pid = int(tracer.stdout.readline())
    time.sleep(0.2)
    tracer.send_signal(number)
    tracer.communicate(timeout=20)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, "the guest is still there"
        time.sleep(0.01)


def test_a_trap_that_pretends_to_be_another_is_harmless(make_guest) -> None:
    """A guest that puts its own address into rcx makes `int 0x80` look like `syscall`: it stays a trap."""
    guest = make_guest("native")
    seen: list[int] = []
    stop = guest.run("cd80", lambda: bool(seen.extend(guest.get("rax"))), rax=4, rcx=CODE + 2)
    assert stop.reason == "trap-ended"
    assert seen == [4]


def test_ten_thousand_traps_keep_their_order(make_guest) -> None:
    guest = make_guest("native")
    seen: list[int] = []

    def on_trap() -> bool:
        seen.append(guest.get("rbx")[0])
        guest.engine.set({"rax": 0})
        return len(seen) < 10_000

    before = os.sched_getaffinity(0)
    guest.run("48ffc3 0f05 ebf9", on_trap, rbx=0)
    assert seen == list(range(1, 10_001))
    assert os.sched_getaffinity(0) == before  # what the pacing tied is free again


def test_a_host_that_forbids_tracing_is_unfit(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(program: bytes, name: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    native._forbidden.cache_clear()
    monkeypatch.setattr("portwright.run.guest_process.start_image", forbidden)
    reason = serves("native", Setup("x86-64", "syscall"))
    assert reason is not None and "Operation not permitted" in reason
    assert choose(Setup("x86-64", "syscall")) == "unicorn"  # what is left
    with pytest.raises(BadInput, match="the native engine cannot run this guest"):
        choose(Setup("x86-64", "syscall"), "native")
    monkeypatch.undo()
    native._forbidden.cache_clear()
    assert choose(Setup("x86-64", "syscall")) == "native"


def test_a_stub_that_may_not_be_traced_is_unfit() -> None:
    """ptrace(PTRACE_TRACEME) refused: the stub's breakpoint ends it, and nobody waits for it for ever."""
    untraced = replace(HOSTED, begin=b"\xcc")
    with pytest.raises(ptrace.Gone, match="SIGTRAP"):
        GuestProcess.start(untraced, 62)


def test_unfit_says_why() -> None:
    assert native.unfit(Setup("x86-64", "syscall")) is None
    reason = native.unfit(Setup("x86-64", "syscall", page_size=1024))
    assert reason is not None and "1024" in reason
