"""Threads of hand-assembled guests on the real engines: clone, futexes, whose turn it is, deadlocks, slices."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portwright.describe import port as ports
from portwright.describe.ledger import Ledger
from portwright.describe.port import Port
from portwright.run import engine as engines
from portwright.run.engine import Setup
from portwright.run.events import Died, Exited
from portwright.run.limits import Limits

SETUP = Setup("x86-64", "syscall")
STACK = 0x1000
SHARES = "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM"
TELLS = "CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_SETTID|CLONE_CHILD_CLEARTID"
SECOND = 10**9


@pytest.fixture(params=["native", "unicorn"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that can serve here; skips the ones that cannot."""
    reason = engines.serves(request.param, SETUP)
    if reason is not None:
        pytest.skip(f"{request.param} engine: {reason}")
    return str(request.param)


@pytest.fixture(scope="session")
def linux() -> Port:
    """The port whose system calls have threads."""
    return ports.load("x86_64-portwright-linux")


class Program:
    """A program of several threads, on the assembly of the conftest (made anew for its ledger)."""

    def __init__(self, assembly, ledger: Ledger) -> None:
        self.main = type(assembly)(ledger)
        self.ledger = ledger
        self.words: list[int] = []

    def constants(self, names: str) -> int:
        total = 0
        for name in names.split("|"):
            total |= self.ledger.constants[name]
        return total

    def part(self, fill: Callable) -> bytes:
        """Code that `fill` adds to an assembly that shares our data."""
        assembly = type(self.main)(self.ledger)
        assembly.data = self.main.data
        fill(assembly)
        return bytes(assembly.code)

    def thread(self, fill: Callable, local: int = 0) -> int:
        """Start a thread that does what `fill` adds and then ends; its word holds its id until it has ended, its
        thread pointer is the address of `local`."""
        word, stack = self.main.text(bytes(16)), self.main.text(bytes(STACK)) + STACK
        code = self.part(lambda assembly: (fill(assembly), assembly.call("exit", 0)))
        pointer = self.main.text(struct.pack("<Q", local))
        self.main.call("clone", self.constants(f"{SHARES}|{TELLS}"), stack, word, word, pointer)
        self.main.raw("4885c0 0f85" + struct.pack("<i", len(code)).hex()).raw(code.hex())
        self.words.append(word)
        return word

    def join(self) -> Program:
        """Wait until every thread has ended."""
        for word in self.words:
            wait = self.part(
                lambda a, w=word: (
                    a.raw("89c2"),
                    a.call("futex_wait", w, self.constants("FUTEX_WAIT"), None, 0),
                )
            )
            start = self.part(
                lambda a, w=word: a.move("rbx", w).raw("8b03 85c0")
            )  # mov eax, [rbx]; test eax, eax
            self.main.raw(start.hex() + "0f84" + struct.pack("<i", len(wait) + 5).hex() + wait.hex())
            self.main.raw("e9" + struct.pack("<i", -(len(start) + 6 + len(wait) + 5)).hex())
        return self

    def exit(self, status: int = 0):
        """End the process."""
        return self.main.call("exit_group", status)


@pytest.fixture
def program(assembly, linux: Port) -> Program:
    """An empty program."""
    return Program(assembly, linux.ledger)


def letters(program: Program, text: str, times: int) -> None:
    """A thread per letter that writes it so many times."""
    for letter in text:
        place = program.main.text(letter.encode())

        def write(assembly, place: int = place) -> None:
            for _ in range(times):
                assembly.call("write", 1, place, 1)

        program.thread(write)


def test_threads_run_and_are_waited_for(program, run_assembly, linux, engine: str) -> None:
    letters(program, "abcdef", 3)
    outcome = run_assembly(program.join().exit(7), port=linux, engine=engine)
    assert outcome.end == Exited(7), outcome
    assert sorted(outcome.stdout.decode()) == sorted("abcdef" * 3)
    assert outcome.reports == () and outcome.preemptions == 0


def test_a_kind_machine_switches_only_when_a_thread_waits(program, run_assembly, linux, engine: str) -> None:
    letters(program, "abc", 3)
    outcome = run_assembly(program.join().exit(), port=linux, engine=engine, kind=True)
    assert outcome.stdout == b"aaabbbccc"


def test_a_seed_is_an_interleaving(program, run_assembly, linux, engine: str) -> None:
    letters(program, "abc", 3)
    program.join().exit()

    def run(seed: int) -> bytes:
        return run_assembly(program.main, port=linux, engine=engine, seed=seed, clock="virtual").stdout

    assert len({run(5) for _ in range(3)}) == 1
    assert len({run(seed) for seed in range(20)}) > 10


def test_both_engines_run_the_same_interleaving(program, run_assembly, linux) -> None:
    letters(program, "abcd", 4)
    program.join().exit()
    for seed in range(5):
        seen = {
            run_assembly(program.main, port=linux, engine=e, seed=seed, clock="virtual").stdout
            for e in ("native", "unicorn")
        }
        assert len(seen) == 1


def test_each_thread_keeps_its_own_registers(program, run_assembly, linux, engine: str) -> None:
    """xmm6, r12, the thread pointer and the flags over many switches."""

    def keep(number: int) -> Callable:
        def fill(assembly) -> None:
            assembly.move("r12", number).raw("66490f6ef4")  # movq xmm6, r12
            for _ in range(20):
                assembly.call("sched_yield")
                assembly.raw("66480f7ef0 4c39e0 7402 0f0b")  # movq rax, xmm6; cmp rax, r12; je +2; ud2
                assembly.raw("644c3b242500000000 7402 0f0b")  # cmp r12, fs:[0]; je +2; ud2

        return fill

    for number in range(1, 5):
        program.thread(keep(number), local=number)
    assert run_assembly(program.join().exit(3), port=linux, engine=engine).end == Exited(3)


def test_the_ids_are_told_to_both_and_the_word_is_cleared(program, run_assembly, linux, engine: str) -> None:
    word = program.thread(lambda assembly: assembly.call("gettid"))
    program.join().main.move("rbx", word).raw("8b3b").move(
        "rax", linux.ledger.syscalls["exit_group"].number
    ).raw("0f05")
    outcome = run_assembly(program.main, port=linux, engine=engine, calls=True)
    assert outcome.end == Exited(0)
    (clone,) = [c for c in outcome.calls if c.name == "clone"]
    (gettid,) = [c for c in outcome.calls if c.name == "gettid"]
    assert clone.result == gettid.result


def test_exit_ends_all_threads(program, run_assembly, linux, engine: str) -> None:
    program.thread(lambda assembly: assembly.raw("ebfe"))  # a thread that never ends
    outcome = run_assembly(program.exit(9), port=linux, engine=engine)
    assert outcome.end == Exited(9)


def test_the_process_ends_with_its_last_thread(program, run_assembly, linux, engine: str) -> None:
    program.thread(lambda assembly: assembly.print("later\n"))
    outcome = run_assembly(program.main.call("exit", 4), port=linux, engine=engine)
    assert outcome.stdout == b"later\n" and isinstance(outcome.end, Exited)


def test_a_thread_that_spins_gives_way(program, run_assembly, linux, engine: str) -> None:
    """Without a system call: only the clock can end its turn."""
    flag = program.main.text(bytes(16))
    program.thread(lambda a: a.move("rbx", flag).raw("f390 833b00 74f9"))  # pause; cmp [rbx], 0; je
    program.main.call("sched_yield").call("sched_yield").move("rbx", flag).raw("c70301000000")
    outcome = run_assembly(program.join().exit(5), port=linux, engine=engine, kind=True)
    assert outcome.end == Exited(5)
    assert (outcome.preemptions >= 1) is (engine == "native"), (
        "where instructions are counted it is no accident"
    )


def test_a_thread_that_never_waits_gives_way(program, run_assembly, linux, engine: str) -> None:
    """Call after call without an end, on a machine that switches at none: its turn ends all the same, by counting."""
    flag = program.main.text(bytes(16))
    call = program.part(lambda a: a.call("getpid").move("rbx", flag).raw("833b00"))  # cmp [rbx], 0
    program.thread(lambda a: a.raw(call.hex() + "0f84" + struct.pack("<i", -len(call) - 6).hex()))  # je
    program.main.call("sched_yield").move("rbx", flag).raw("c70301000000")
    outcome = run_assembly(
        program.join().exit(5), port=linux, engine=engine, kind=True, limits=Limits(seconds=20)
    )
    assert outcome.end == Exited(5) and outcome.preemptions == 0


def test_who_takes_a_lock_again_and_again_does_not_keep_it_for_ever(
    program, run_assembly, linux, engine: str
) -> None:
    """A thread that makes its calls under a lock (as an allocator does), and takes it again as soon as it is free."""
    lock, flag = program.main.text(bytes(16)), program.main.text(bytes(16))
    wait, wake = program.constants("FUTEX_WAIT"), program.constants("FUTEX_WAKE")

    def take(assembly) -> None:
        sleep = program.part(lambda a: a.call("futex_wait", lock, wait, 2, None))
        swap = program.part(lambda a: a.move("rbx", lock).raw("b802000000 8703 85c0"))  # while xchg([rbx], 2)
        contended = swap + b"\x0f\x84" + struct.pack("<i", len(sleep) + 5) + sleep
        contended += b"\xe9" + struct.pack("<i", -len(contended) - 5)
        assembly.move("rbx", lock).raw("31c0 b901000000 f00fb10b")  # lock cmpxchg [rbx], 0 -> 1
        assembly.raw("0f84" + struct.pack("<i", len(contended)).hex() + contended.hex())

    def release(assembly) -> None:
        woken = program.part(lambda a: a.call("futex_wake", lock, wake, 1))
        assembly.move("rbx", lock).raw("31c0 8703 83f802")  # xchg [rbx], 0; cmp eax, 2: somebody waits
        assembly.raw("0f85" + struct.pack("<i", len(woken)).hex() + woken.hex())

    body = program.part(lambda a: (take(a), a.call("getpid"), release(a), a.move("rbx", flag).raw("833b00")))
    program.thread(lambda a: a.raw(body.hex() + "0f84" + struct.pack("<i", -len(body) - 6).hex()))
    program.main.call("sched_yield")
    take(program.main)  # once is enough
    program.main.move("rbx", flag).raw("c70301000000")
    release(program.main)
    limits = Limits(seconds=20)
    outcome = run_assembly(program.join().exit(5), port=linux, engine=engine, kind=True, limits=limits)
    assert outcome.end == Exited(5) and outcome.preemptions == 0


def test_a_deadlock_is_reported_with_all_threads(program, run_assembly, linux, engine: str) -> None:
    word = program.main.text(bytes(16))
    wait = program.constants("FUTEX_WAIT")
    program.thread(lambda a: a.call("futex_wait", word, wait, 0, 0))
    program.main.call("futex_wait", word, wait, 0, 0)
    outcome = run_assembly(program.exit(), port=linux, engine=engine, kind=True)
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "deadlock"
    threads = outcome.end.report.threads
    assert len(threads) == 2 and all(hex(word) in t.waits_for and t.backtrace for t in threads)


def test_a_timeout_jumps_the_virtual_clock(program, run_assembly, linux, engine: str) -> None:
    word = program.main.text(bytes(16))
    hour = program.main.text(struct.pack("<qq", 3600, 0))
    program.main.call("futex_wait", word, program.constants("FUTEX_WAIT"), 0, hour)
    program.main.raw("48f7d8 4889c7").move("rax", linux.ledger.syscalls["exit_group"].number).raw("0f05")
    outcome = run_assembly(program.main, port=linux, engine=engine, kind=True, clock="virtual")
    assert outcome.end == Exited(linux.ledger.error_number("ETIMEDOUT"))
    assert outcome.seconds < 20


def test_limits_hold_with_many_threads(program, run_assembly, linux, engine: str) -> None:
    for _ in range(3):
        program.thread(lambda assembly: assembly.raw("ebfe"))
    program.main.raw("ebfe")
    outcome = run_assembly(program.main, port=linux, engine=engine, limits=Limits(seconds=0.5))
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "time-limit"
    outcome = run_assembly(
        program.main, port=linux, engine=engine, limits=Limits(seconds=60, cpu_seconds=0.4)
    )
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "time-limit"
    assert "CPU" in outcome.end.report.what


def test_trace_lines_name_the_thread_once_there_are_several(
    program, run_assembly, linux, tmp_path, engine: str
) -> None:
    program.main.call("getpid")
    program.thread(lambda assembly: assembly.call("gettid"))
    program.join().exit()
    file = tmp_path / "trace"
    with file.open("wb") as trace:
        outcome = run_assembly(
            program.main, port=linux, engine=engine, trace="text", trace_fd=trace.fileno(), calls=True
        )
    lines = file.read_text().splitlines()
    (gettid,) = [call for call in outcome.calls if call.name == "gettid"]
    assert lines[0] == f"getpid() = {gettid.process}"
    assert f"[{gettid.process}:{gettid.result}] gettid() = {gettid.result}" in lines
    assert gettid.thread == gettid.result != gettid.process


@pytest.fixture
def started(program, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `portwright run` with the program, a pipe for each stream, and the real clock."""
    running: list[subprocess.Popen[bytes]] = []

    def start(engine: str) -> subprocess.Popen[bytes]:
        binary = tmp_path / "program"
        binary.write_bytes(program.main.elf())
        command = [sys.executable, "-m", "portwright", "run", "--kind", "--engine", engine, "--time", "60"]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        running.append(subprocess.Popen([*command, "x86_64-portwright-linux", str(binary)], **pipes))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def reads_while_another_sleeps(program: Program) -> None:
    """A thread sleeps a while, then writes; the first one reads its input and ends with how much it was."""
    moment = program.main.text(struct.pack("<qq", 0, 30_000_000))
    program.thread(lambda a: a.call("nanosleep", moment, 0).print("slept\n"))
    program.main.call("read", 0, program.main.text(bytes(64)), 64).raw("4889c7")
    program.main.move("rax", program.ledger.syscalls["exit_group"].number or 0).raw("0f05")


def test_others_run_while_a_thread_waits_for_input(program, started, engine: str) -> None:
    reads_while_another_sleeps(program)
    process = started(engine)
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == b"slept\n", "before there was any input"
    process.stdin.write(b"12345")
    process.stdin.flush()
    assert process.wait(60) == 5


def test_the_keyboard_ends_a_machine_in_which_all_wait(program, started, engine: str) -> None:
    reads_while_another_sleeps(program)
    process = started(engine)
    assert process.stdout is not None and process.stdout.readline() == b"slept\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 128 + signal.SIGINT
