"""std::process of std's layer: as Linux's own std has it, on its kernel and in the userland machine, by fork or spawn."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import std_oracle as oracles
from port_copies import quick
from portwright.describe import port as ports
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain
from portwright.run.events import Outcome
from portwright.run.limits import Limits
from portwright.run.machine import run_program
from portwright.run.options import Options
from std_oracle import PROGRAMS, Oracle

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
ENGINES = ("native", "unicorn")
SOURCE = PROGRAMS / "processes.rs"
NUMBERS = {"9": "3", "6": "1", "11": "2"}  # Linux's SIGKILL, SIGABRT and SIGSEGV in the invented OS
SPAWN_ONLY = oracles.TESTS / "fixtures" / "spawn-only"


@pytest.fixture(scope="module")
def oracle(toolchain: Toolchain) -> Oracle:
    """The port of Linux's own calls."""
    oracles.skip_elsewhere()
    return Oracle(oracles.load(), toolchain)


@pytest.fixture(scope="module")
def expected(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What the program says, built with std's own code for Linux."""
    folder, temporary = tmp_path_factory.mktemp("host"), tmp_path_factory.mktemp("temporary")
    ended = oracles.run(
        oracle.build_for_host(SOURCE, folder),
        cwd=folder,
        environment={"TMPDIR": str(temporary), "PATH": "/usr/bin"},
    )
    assert ended.returncode == 0, ended.stderr.decode()
    assert len(ended.stdout.splitlines()) == 80
    return ended.stdout.decode(), ended.stderr.decode()


def machine(port: Port, binary: Path, *arguments: str, **options: object) -> Outcome:
    """Run it where it can start itself again."""
    given = {"capture": True, "clock": "virtual", "stdin": b"", "at": "/bin/processes", **options}
    return run_program(port, binary, Options(arguments=arguments, **given))  # type: ignore[arg-type]


def test_on_the_kernel_as_with_the_hosts_own_std(
    oracle: Oracle, expected: tuple[str, str], tmp_path: Path
) -> None:
    environment = {"TMPDIR": str(tmp_path), "PATH": "/usr/bin"}
    ended = oracles.run(oracle.build(SOURCE), cwd=tmp_path, environment=environment)
    assert ended.returncode == 0, ended.stderr.decode()
    assert (ended.stdout.decode(), ended.stderr.decode()) == expected


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_in_the_machine_as_on_the_kernel(
    seed: int | None, engine: str, oracle: Oracle, expected: tuple[str, str]
) -> None:
    """A kind run (no seed), and hostile ones: short reads and writes, interruptions, small pipes, other orders."""
    outcome = machine(oracle.port, oracle.build(SOURCE), engine=engine, seed=seed or 1, kind=seed is None)
    assert outcome.status == 0, outcome.stderr.decode()
    assert outcome.stdout.decode() == expected[0]
    assert sorted(outcome.stderr.decode()) == sorted(expected[1]), (
        "whose complaint comes first is nobody's promise"
    )
    assert [report.kind for report in outcome.reports] == ["bad-access"], "the child that was meant to crash"


@pytest.mark.parametrize("engine", ENGINES)
def test_an_os_that_spawns_and_cannot_fork(
    engine: str, toolchain: Toolchain, expected: tuple[str, str]
) -> None:
    port = ports.load(str(quick(oracles.BUNDLED, SPAWN_ONLY)))
    assert not {"fork", "execute", "duplicate_to", "poll", "set_descriptor_flags"} & set(port.ledger.offers)
    built = Oracle(port, toolchain).build(SOURCE)
    for seed in (1, 2):
        outcome = machine(port, built, engine=engine, seed=seed)
        assert outcome.status == 0, outcome.stderr.decode()
        own = re.sub(r"signal: (9|6|11) ", lambda found: f"signal: {NUMBERS[found[1]]} ", expected[0])
        assert outcome.stdout.decode() == own


def test_on_a_cpu_that_is_not_the_hosts(toolchain: Toolchain, expected: tuple[str, str]) -> None:
    """AArch64's table has no fork, dup2, pipe or poll: clone, dup3, pipe2 and ppoll mean the same."""
    port = ports.load(str(quick("aarch64-portwright-linux")))
    built = Oracle(port, toolchain).build(SOURCE)
    outcome = machine(port, built, engine="unicorn", seed=1)
    assert (outcome.status, outcome.stdout.decode()) == (0, expected[0]), outcome.stderr.decode()


def test_a_system_that_starts_nothing_says_so(toolchain: Toolchain, tmp_path: Path) -> None:
    port = oracles.load("poor")
    source = tmp_path / "starter.rs"
    source.write_text(
        'fn main() {\n    let error = std::process::Command::new("ls").status().unwrap_err();\n'
        '    println!("{:?}: {error}", error.kind());\n    println!("{:?}", std::io::pipe().unwrap_err().kind());\n}\n'
    )
    oracles.skip_elsewhere()
    ended = oracles.run(Oracle(port, toolchain).build(source), cwd=tmp_path)
    said = "Unsupported: not offered: fork and execute, or spawn\nUnsupported\n"
    assert ended.stdout.decode() == said


def test_children_have_no_other_files_and_feel_a_broken_pipe(oracle: Oracle, tmp_path: Path) -> None:
    """What the parent has open stays its own; SIGPIPE, which it ignores, ends a child that is no Rust program."""
    source = tmp_path / "leaks.rs"
    source.write_text(
        "use std::process::Command;\nfn main() {\n"
        '    let _file = std::fs::File::open("/etc/passwd").unwrap();\n'
        "    let _pipe = std::io::pipe().unwrap();\n    let _copy = _file.try_clone().unwrap();\n"
        '    let list = Command::new("ls").arg("/proc/self/fd").output().unwrap();\n'
        '    print!("{}", String::from_utf8_lossy(&list.stdout));\n'
        '    let mut writer = Command::new("yes");\n'
        "    let (reader, end) = std::io::pipe().unwrap();\n    drop(reader);\n"
        '    println!("{}", writer.stdout(end).status().unwrap());\n}\n'
    )
    ended = oracles.run(oracle.build(source), cwd=tmp_path, environment={"PATH": os.environ["PATH"]})
    assert ended.stdout.decode().split("\n") == ["0", "1", "2", "3", "signal: 13 (SIGPIPE)", ""], (
        "3 is the directory that ls itself reads"
    )


def test_a_program_starts_from_a_thread_while_others_hold_locks(oracle: Oracle, tmp_path: Path) -> None:
    """The copy has one thread: a lock that another held would stay locked in it for ever."""
    source = tmp_path / "threads.rs"
    source.write_text(
        "use std::process::Command;\nuse std::sync::atomic::*;\nstatic STOP: AtomicBool = AtomicBool::new(false);\n"
        "fn main() {\n    let noisy: Vec<_> = (0..3).map(|_| std::thread::spawn(|| while !STOP.load(Ordering::Relaxed) "
        '{ drop(std::hint::black_box(vec![1u8; 3000])); std::env::var_os("X"); })).collect();\n'
        "    let starters: Vec<_> = (0..3).map(|n| std::thread::spawn(move || (0..40).map(|_| "
        'Command::new("true").arg(n.to_string()).env("A", "b").status().unwrap().success() as u32)'
        ".sum::<u32>())).collect();\n"
        "    let sum: u32 = starters.into_iter().map(|one| one.join().unwrap()).sum();\n"
        "    STOP.store(true, Ordering::Relaxed);\n    for one in noisy { one.join().unwrap(); }\n"
        '    println!("{sum}");\n}\n'
    )
    ended = oracles.run(oracle.build(source), cwd=tmp_path, environment={"PATH": os.environ["PATH"]})
    assert ended.stdout.decode() == "120\n", ended.stderr.decode()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_fork_bomb_ends_with_a_report(engine: str, oracle: Oracle, tmp_path: Path) -> None:
    source = tmp_path / "bomb.rs"
    source.write_text(
        "fn main() {\n    loop {\n        let own = std::env::current_exe().unwrap();\n"
        "        let _ = std::process::Command::new(own).spawn();\n    }\n}\n"
    )
    outcome = machine(
        oracle.port, oracle.build(source), engine=engine, seed=1, limits=Limits(processes=8, seconds=60)
    )
    assert outcome.status == 128 + 9
    assert outcome.end.report.kind == "processes-limit"  # type: ignore[union-attr]


def descendants(pid: int) -> set[int]:
    """The processes below one, by what the host says."""
    found: set[int] = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) in {pid, *found}:
                found.add(int(folder.name))
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_of_a_run_outlives_portwright(engine: str, oracle: Oracle, tmp_path: Path) -> None:
    """Killed in the middle of a run with children, it leaves no process behind."""
    source = tmp_path / "family.rs"
    source.write_text(
        "fn main() {\n    let own = std::env::current_exe().unwrap();\n"
        "    if std::env::args().len() > 1 { loop { std::hint::spin_loop() } }\n"
        '    let start = |_| std::process::Command::new(&own).arg("child").spawn().unwrap();\n'
        "    let _all: Vec<_> = (0..3).map(start).collect();\n"
        '    println!("running");\n    loop { std::hint::spin_loop() }\n}\n'
    )
    command = [sys.executable, "-m", "portwright", "run", "--engine", engine, "--at", "/bin/family"]
    run = subprocess.Popen(
        [*command, oracle.port.target, str(oracle.build(source))], stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    try:
        assert run.stdout.readline() == "running\n"
        below = descendants(run.pid)
        assert len(below) >= (4 if engine == "native" else 1)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    deadline = time.monotonic() + 10
    while alive := {pid for pid in below if Path(f"/proc/{pid}").exists()}:
        assert time.monotonic() < deadline, alive
        time.sleep(0.05)
