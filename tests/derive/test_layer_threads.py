"""Threads, locks and unwinding of std's layer: as Linux's own std has them, on its kernel and in the userland machine."""

from __future__ import annotations

import dataclasses
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

import std_oracle as oracles
from port_copies import quick
from portwright.build import goals
from portwright.describe import port as ports
from portwright.describe import std_threads
from portwright.describe.ledger import Ledger
from portwright.describe.port import Port
from portwright.describe.std_threads import Threads
from portwright.describe.toolchain import Toolchain
from portwright.run.events import Outcome
from portwright.run.machine import run_program
from portwright.run.options import Options
from std_oracle import PROGRAMS, Oracle

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
ENGINES = ("native", "unicorn")


@pytest.fixture(scope="module")
def oracle(toolchain: Toolchain) -> Oracle:
    """A panic ends the process."""
    oracles.skip_elsewhere()
    return Oracle(oracles.load(), toolchain)


@pytest.fixture(scope="module")
def unwinding(toolchain: Toolchain) -> Oracle:
    """A panic unwinds."""
    oracles.skip_elsewhere()
    return Oracle(oracles.load(panic="unwind"), toolchain)


def in_machine(port: Port, binary: Path, engine: str, *arguments: str, seed: int = 1) -> Outcome:
    """A run in the userland machine."""
    options = Options(
        arguments=arguments, capture=True, engine=engine, seed=seed, stdin=b"", at=f"/bin/{binary.name}"
    )
    return run_program(port, binary, options)


def of_host(oracle: Oracle, name: str, folder: Path) -> str:
    """What the program says with the host's own std."""
    ended = oracles.run(oracle.build_for_host(PROGRAMS / f"{name}.rs", folder), cwd=folder)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode()


def test_threads_do_what_they_do_on_unix(oracle: Oracle, tmp_path: Path) -> None:
    binary = oracle.build(PROGRAMS / "threads.rs")
    theirs = of_host(oracle, "threads", tmp_path)
    assert len(theirs.splitlines()) > 25
    for _ in range(5):
        ours = oracles.run(binary, cwd=tmp_path)
        assert (ours.returncode, ours.stdout.decode()) == (0, theirs), ours.stderr.decode()


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_in_the_machine(engine: str, oracle: Oracle, tmp_path: Path) -> None:
    binary = oracle.build(PROGRAMS / "threads.rs")
    theirs = of_host(oracle, "threads", tmp_path)
    for seed in (1, 2):
        ours = in_machine(oracle.port, binary, engine, seed=seed)
        assert (ours.status, ours.stdout.decode()) == (0, theirs), ours.stderr


def test_memory_of_ten_thousand_threads_is_given_back(oracle: Oracle, tmp_path: Path) -> None:
    """Each has a stack of 2 MiB: all of them never fit into 40 MB, let go of before their end, after it, or joined."""
    binary = oracle.build(PROGRAMS / "leaving.rs")
    ended = subprocess.run(
        [binary, "detached", "10000"],
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (40_000_000, 40_000_000)),
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, b"10000 threads\n"), ended.stderr.decode()


LEAVING = {
    "main-returns": (0, "main returns\n", ""),
    "thread-exits": (7, "", ""),
    "thread-panics": (101, "", "in a thread"),
}


@pytest.mark.parametrize("mode", LEAVING)
def test_process_ends_while_threads_run(mode: str, oracle: Oracle, tmp_path: Path) -> None:
    status, out, error = LEAVING[mode]
    binary = oracle.build(PROGRAMS / "leaving.rs")
    ended = oracles.run(binary, mode, cwd=tmp_path)
    assert (ended.returncode, ended.stdout.decode()) == (status, out)
    assert error in ended.stderr.decode() and ("thread 'worker'" in ended.stderr.decode()) == bool(error)
    ours = in_machine(oracle.port, binary, "native", mode)
    assert (ours.status, ours.stdout.decode()) == (status, out) and error in ours.stderr.decode()


def test_panics_unwind_as_on_unix(unwinding: Oracle, tmp_path: Path) -> None:
    binary = unwinding.build(PROGRAMS / "unwinding.rs")
    ours = oracles.run(binary, cwd=tmp_path)
    theirs = of_host(unwinding, "unwinding", tmp_path)
    assert (ours.returncode, ours.stdout.decode()) == (0, theirs), ours.stderr.decode()
    uncaught = oracles.run(binary, "uncaught", cwd=tmp_path)
    assert uncaught.returncode == 101
    assert uncaught.stdout.decode().endswith(
        "dropped outer, panicking: true\ndropped last, panicking: true\n"
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_panics_unwind_in_the_machine(engine: str, unwinding: Oracle, tmp_path: Path) -> None:
    ours = in_machine(unwinding.port, unwinding.build(PROGRAMS / "unwinding.rs"), engine)
    theirs = of_host(unwinding, "unwinding", tmp_path)
    assert (ours.status, ours.stdout.decode()) == (0, theirs), ours.stderr


def test_backtrace_of_a_panic(unwinding: Oracle, tmp_path: Path) -> None:
    """From the panic outwards: each function, inlined or not, with its line."""
    binary = unwinding.build(PROGRAMS / "unwinding.rs")
    environment = {"RUST_BACKTRACE": "1"}
    said = oracles.run(binary, "x", cwd=tmp_path, environment=environment).stderr.decode()
    last = said[said.rindex("panicked at") :]
    assert last.index("inner\n") < last.index("outer\n") < last.index("main\n")
    assert "unwinding.rs:44:9" in last and "core::panicking::panic_fmt" in last
    unasked = oracles.run(binary, "x", cwd=tmp_path).stderr.decode()
    assert "stack backtrace" not in unasked[unasked.rindex("panicked at") :]


def without(port: Port, variant: str, *operations: str, **arguments: list[object]) -> Port:
    """A port whose ledger lacks operations, or has other arguments for a call, built beside the whole one."""
    tables = port.ledger.model_dump(by_alias=True, exclude_none=True)
    for call in tables["syscalls"].values():
        meaning = call.get("operation")
        if meaning in operations:
            del call["operation"]
        if meaning in arguments:
            call["arguments"] = arguments[meaning]
    ledger = Ledger.model_validate(tables)
    return dataclasses.replace(port, abi=ledger, variant=variant)


HELPLESS = ("futex_wait", "futex_wake", "protect_memory", "unmap_memory", "thread_affinity", "yield_now")


CREATED: dict[str, tuple[str, list[object]]] = {
    "thread_create": ("thread_create", ["entry", "stack", "argument", "thread_pointer"]),
    "thread_exit": ("thread_exit", ["status"]),
    "thread_join": ("thread_join", ["thread", "result"]),
    "futex_wait": ("futex_wait", ["word", "value", {"value": 0}, {"value": 0}, {"value": 0}]),
    "futex_wake": ("futex_wake", ["word", "count", {"value": 0}]),
}


@pytest.mark.e2e
@pytest.mark.parametrize("engine", ENGINES)
def test_created_and_joined_threads(engine: str, toolchain: Toolchain, tmp_path: Path) -> None:
    """A kernel that starts a thread at a function, joins it by a call, and knows no timeouts at a futex."""
    plain = ports.load("x86_64-unknown-veridian")
    tables = plain.ledger.model_dump(by_alias=True, exclude_none=True)
    for name, (meaning, arguments) in CREATED.items():
        tables["syscalls"][name] |= {"operation": meaning, "arguments": arguments}
    port = dataclasses.replace(plain, abi=Ledger.model_validate(tables), variant="threads")
    assert std_threads.threads(port.ledger) == Threads("thread_create", True, "joined")
    oracle = Oracle(port, toolchain)
    lines = of_host(oracle, "threads", tmp_path).splitlines()
    lines[4] = "false"  # nobody says how many processors there are
    ours = in_machine(port, oracle.build(PROGRAMS / "threads.rs"), engine)
    assert (ours.status, ours.stdout.decode().splitlines()) == (0, lines), ours.stderr
    leaving = in_machine(port, oracle.build(PROGRAMS / "leaving.rs"), engine, "detached", "200")
    assert (leaving.status, leaving.stdout) == (0, b"200 threads\n"), leaving.stderr


@pytest.mark.e2e
def test_threads_and_unwinding_of_another_cpu(toolchain: Toolchain, tmp_path: Path) -> None:
    """Thread-locals above the thread pointer, and a clone whose arguments come in another order."""
    emulator = shutil.which("qemu-aarch64")
    if emulator is None:
        pytest.skip("qemu-aarch64: this machine cannot run programs for AArch64")
    for name, panic in (("threads", "abort"), ("unwinding", "unwind")):
        oracle = Oracle(ports.load(str(quick("aarch64-portwright-linux")), panic=panic), toolchain)
        binary = oracle.build(PROGRAMS / f"{name}.rs")
        ended = subprocess.run([emulator, binary], capture_output=True, timeout=120, check=False, env={})
        theirs = of_host(oracle, name, tmp_path)
        assert (ended.returncode, ended.stdout.decode()) == (0, theirs), ended.stderr.decode()


@pytest.mark.e2e
def test_threads_without_help(toolchain: Toolchain, tmp_path: Path) -> None:
    """No futex, no guard, no memory given back, no word that the kernel clears: locks look again and again, and a
    thread says itself that it is gone."""
    oracles.skip_elsewhere()
    own = ["flags", "stack", {"value": 0}, {"value": 0}, "thread_pointer"]
    port = without(oracles.load(), "helpless", *HELPLESS, thread_clone=own)
    found = std_threads.threads(port.ledger)
    assert found is not None and found.end == "own"
    oracle = Oracle(port, toolchain)
    binary = oracle.build(PROGRAMS / "threads.rs")
    theirs = of_host(oracle, "threads", tmp_path)
    ours = oracles.run(binary, cwd=tmp_path)
    lines = theirs.splitlines()
    lines[4] = "false"  # nobody says how many processors there are
    assert (ours.returncode, ours.stdout.decode().splitlines()) == (0, lines), ours.stderr.decode()
    leaving = oracles.run(oracle.build(PROGRAMS / "leaving.rs"), "detached", "3000", cwd=tmp_path)
    assert (leaving.returncode, leaving.stdout) == (0, b"3000 threads\n")
    assert goals.plan(port).identity != goals.plan(oracles.load()).identity
