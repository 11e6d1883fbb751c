"""The operations on other processes, and signals: fork, execute, spawn, wait, kill, signal_action."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from portwright.describe import port as ports
from portwright.run.dispatch import Dispatcher
from portwright.run.events import Died, Exited
from portwright.run.limits import Limits


@pytest.fixture
def linux(make_guest: Any) -> Any:
    """A guest of Linux's own calls, which have these operations (all but spawn)."""
    return make_guest(ledger=ports.load("x86_64-portwright-linux").ledger)


def children(guest: Any) -> list[Any]:
    first, *others = guest.process.kernel.processes.values()
    assert first is guest.process
    return others


def test_a_copy_has_memory_files_and_directory_of_its_own(linux: Any) -> None:
    place = linux.put(b"before")
    (linux.root / "d").mkdir()
    assert linux.call("chdir", linux.path("/d")) == 0
    number = linux.call("fork")
    (child,) = children(linux)
    assert number == child.id != linux.process.id and child.parent is linux.process
    assert child.engine.registers[linux.ledger.abi.result] == 0, "it is told that it is the copy"
    linux.space.write(place, b"after!")
    assert child.space.read(place, 6) == b"before"
    assert child.files.current_path() == b"/d"
    linux.call("close", 1)
    assert child.files.numbers() == [0, 1, 2]
    assert linux.process.kernel.memory.used == linux.space.used + child.space.used == 2 * linux.space.used


def test_a_status_is_taken_once_and_only_by_the_parent(linux: Any) -> None:
    status = linux.room(4)
    assert linux.call("wait4", -1, status, 0) == linux.error("ECHILD")
    number = linux.call("fork")
    (child,) = children(linux)
    nohang = linux.constant("WNOHANG")
    assert linux.call("wait4", number, status, nohang) == 0
    assert linux.call("wait4", number + 999, status, nohang) == linux.error("ECHILD")
    child.finish(Exited(7))
    assert linux.call("wait4", -1, status, 0) == number
    assert struct.unpack("<i", linux.space.read(status, 4)) == (7 << 8,)
    assert linux.call("wait4", number, status, 0) == linux.error("ECHILD")
    assert children(linux) == [] and child.space.used == 0


def test_who_waits_wakes_when_the_child_ends(linux: Any) -> None:
    number = linux.call("fork")
    (child,) = children(linux)
    kernel = linux.process.kernel
    abi = linux.ledger.abi
    linux.engine.set({abi.number: 61, "rdi": number, "rsi": 0, "rdx": 0, "r10": 0})
    assert not linux.dispatcher.trap() and linux.process.thread.asleep
    assert kernel.next() is child.thread
    child.finish(Exited(0))
    assert kernel.next() is linux.process.thread and kernel.enter(linux.process.thread)
    assert linux.engine.registers[abi.result] == number


@pytest.mark.parametrize(("signal", "status"), [("SIGKILL", 9), ("SIGTERM", 15), ("SIGABRT", 6)])
def test_a_signal_ends_a_process(signal: str, status: int, linux: Any) -> None:
    number = linux.call("fork")
    (child,) = children(linux)
    assert linux.call("kill", number, linux.constant(signal)) == 0
    assert isinstance(child.end, Died) and signal in child.end.report.what
    place = linux.room(4)
    assert linux.call("wait4", number, place, 0) == number
    assert struct.unpack("<i", linux.space.read(place, 4)) == (status,)


def test_signals_that_end_nothing(linux: Any) -> None:
    number = linux.call("fork")
    (child,) = children(linux)
    for signal in ("SIGCHLD", "SIGWINCH", "SIGCONT"):
        assert linux.call("kill", number, linux.constant(signal)) == 0
    ignore = linux.put(struct.pack("<QQQQ", linux.constant("SIG_IGN"), 0, 0, 0))
    sigterm = linux.constant("SIGTERM")
    assert linux.call("rt_sigaction", sigterm, ignore, 0, 8) == 0
    assert linux.call("kill", linux.process.id, sigterm) == 0
    assert linux.process.end is None and child.end is None
    assert linux.call("rt_sigaction", linux.constant("SIGKILL"), ignore, 0, 8) == linux.error("EINVAL")
    assert linux.call("kill", number, 0) == 0, "0 only asks"
    assert linux.call("kill", 99999, 0) == linux.error("ESRCH")
    assert linux.call("kill", number, 120) == linux.error("EINVAL")
    child.dispatcher = Dispatcher(child, lambda *said: None)
    grandchild = child.kernel.programs.fork(child)
    assert grandchild.signals.action("SIGTERM") == child.signals.action("SIGTERM")


def test_a_handler_is_not_called_and_that_is_said(linux: Any) -> None:
    handler = linux.put(struct.pack("<QQQQ", 0x40_1000, 0, 0, 0))
    assert linux.call("rt_sigaction", linux.constant("SIGTERM"), handler, 0, 8) == 0
    assert linux.call("kill", linux.process.id, linux.constant("SIGTERM")) is None
    assert linux.process.end.signal == 15
    assert [kind for kind, _, _ in linux.reports] == ["not-offered"]


def test_too_many_processes_end_a_run_that_keeps_on_asking(make_guest: Any) -> None:
    guest = make_guest(ledger=ports.load("x86_64-portwright-linux").ledger, limits=Limits(processes=4))
    assert all((guest.call("fork") or 0) > 0 for _ in range(3))
    answers = [guest.call("fork") for _ in range(5)]
    assert answers == [guest.error("EAGAIN")] * 4 + [None]
    assert guest.process.end.report.kind == "processes-limit"
    assert [kind for kind, _, _ in guest.reports] == ["processes-limit"]


def test_memory_is_counted_for_all_together(make_guest: Any) -> None:
    guest = make_guest(ledger=ports.load("x86_64-portwright-linux").ledger, limits=Limits(memory=600 << 10))
    assert (guest.call("fork") or 0) > 0
    assert guest.call("fork") == guest.error("ENOMEM"), "256 KiB each"
    assert [kind for kind, _, _ in guest.reports] == ["memory-limit"]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/none", "ENOENT"),
        ("/plain", "EACCES"),
        ("/folder", "EACCES"),
        ("/garbage", "ENOEXEC"),
        ("/plain/x", "ENOTDIR"),
    ],
)
def test_what_cannot_be_executed_leaves_the_program_as_it_was(path: str, error: str, linux: Any) -> None:
    (linux.root / "plain").write_bytes(b"\x7fELF")
    (linux.root / "garbage").write_bytes(b"garbage")
    (linux.root / "garbage").chmod(0o755)
    (linux.root / "folder").mkdir()
    used = linux.space.used
    strings = linux.put(bytes(8))
    assert linux.call("execve", linux.path(path), strings, strings) == linux.error(error)
    assert linux.space.used == used and linux.process.end is None


def test_arguments_that_no_stack_holds_are_refused(linux: Any) -> None:
    (linux.root / "garbage").write_bytes(b"garbage")
    (linux.root / "garbage").chmod(0o755)
    long = linux.put(b"x" * 2000 + b"\0")
    many = linux.put(struct.pack("<Q", long) * 70 + bytes(8))
    none = linux.put(bytes(8))
    assert linux.call("execve", linux.path("/garbage"), many, none) == linux.error("E2BIG")


def test_spawn_gives_three_files_and_refuses_what_cannot_start(make_guest: Any) -> None:
    ledger = ports.load("x86_64-portwright-linux").ledger
    call = ledger.syscalls["getpid"].model_copy(
        update={"operation": "spawn", "number": 900, "arguments": None}
    )
    abi = ledger.abi.model_copy(update={"arguments": [*ledger.abi.arguments, "rbx", "rbp"]})
    guest = make_guest(
        ledger=ledger.model_copy(update={"abi": abi, "syscalls": {**ledger.syscalls, "spawn": call}})
    )
    (guest.root / "garbage").write_bytes(b"garbage")
    (guest.root / "garbage").chmod(0o755)
    none = guest.put(bytes(8))

    def spawn(path: str, *streams: int) -> Any:
        return guest.call("spawn", guest.path(path), none, none, 0, *streams)

    assert spawn("/none", -1, -1, -1) == guest.error("ENOENT")
    assert spawn("/garbage", -1, -1, -1) == guest.error("ENOEXEC")
    assert spawn("/garbage", 44, -1, -1) == guest.error("EBADF")
    assert children(guest) == [] and guest.process.kernel.memory.used == guest.space.used
