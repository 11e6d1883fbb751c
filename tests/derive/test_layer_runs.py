"""std's layer on a real kernel: made from Linux's table, programs must do what they do with std's own Unix code."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

import std_oracle as oracles
from portwright.describe import port as ports
from portwright.describe.port import Program
from portwright.describe.toolchain import Toolchain
from std_oracle import PROGRAMS, Oracle

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
BUNDLED = ports.load("x86_64-unknown-veridian")


@pytest.fixture(scope="module")
def oracle(toolchain: Toolchain) -> Oracle:
    """The layer from Linux's whole table."""
    oracles.skip_elsewhere()
    return Oracle(oracles.load(), toolchain)


@pytest.fixture(scope="module")
def poor(toolchain: Toolchain) -> Oracle:
    """The layer from a table without thread pointer, mappings, random bytes and sleep."""
    oracles.skip_elsewhere()
    return Oracle(oracles.load("poor"), toolchain)


def check(program: Program, binary: Path, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a bundled program and compare it with what its port says that it must show."""
    ended = oracles.run(
        binary,
        *program.arguments,
        cwd=oracles.fresh(folder),
        environment={"TMPDIR": str(folder), **program.environment},
        stdin=program.stdin.encode(),
    )
    assert ended.returncode == program.expect.exit, ended.stderr.decode()
    if program.expect.stdout is not None:
        assert ended.stdout.decode() == program.expect.stdout
    for text in program.expect.stderr_contains:
        assert text in ended.stderr.decode()
    return ended


@pytest.mark.parametrize("program", BUNDLED.manifest.program, ids=lambda program: program.name)
def test_bundled_program(program: Program, oracle: Oracle, tmp_path: Path) -> None:
    path = BUNDLED.folder / program.path
    ended = check(program, oracle.build(path), tmp_path / "run")
    if program.expect.host:
        host = oracle.build_for_host(path / "src" / "main.rs", tmp_path)
        assert ended.stdout == oracles.run(host, cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "name", ["opening", "trees", "seeking", "moments", "variables", "linking", "attributes", "streams"]
)
def test_answers_are_those_of_unix(name: str, oracle: Oracle, tmp_path: Path) -> None:
    path = PROGRAMS / f"{name}.rs"
    given = {"GIVEN": "yes", "EMPTY": "", "TWO": "a=b"}
    ours = oracles.run(oracle.build(path), "x", cwd=oracles.fresh(tmp_path / "ours"), environment=given)
    host = oracle.build_for_host(path, tmp_path)
    theirs = oracles.run(host, "x", cwd=oracles.fresh(tmp_path / "theirs"), environment=given)
    assert ours.returncode == theirs.returncode == 0, ours.stderr.decode()
    assert ours.stdout.decode().splitlines() == theirs.stdout.decode().splitlines()
    assert len(ours.stdout.splitlines()) > 6


@pytest.mark.parametrize(
    ("mode", "status", "says"),
    [
        ("", 0, ""),
        ("error", 1, 'Error: Os { code: 2, kind: NotFound, message: "No such file or directory" }'),
        ("panic", 101, "endings.rs:24:20:\nwith a message"),
        ("hook", 101, "hook: panicked at"),
        ("destructor", 101, "in a destructor"),
        ("abort", -signal.SIGABRT, ""),
        ("memory", -signal.SIGABRT, "memory allocation of 64 bytes failed"),
        ("exit", 300 % 256, ""),
        ("overflow", 0, ""),
    ],
)
def test_endings(mode: str, status: int, says: str, oracle: Oracle, tmp_path: Path) -> None:
    ended = oracles.run(oracle.build(PROGRAMS / "endings.rs"), mode, cwd=tmp_path)
    assert ended.returncode == status
    assert says in ended.stderr.decode()
    # std gives out what is buffered when main ends or exit is called, and only then.
    assert ended.stdout.startswith(b"not a whole line") == (mode not in ("panic", "hook", "abort", "memory"))


def test_what_nothing_means_is_unsupported(poor: Oracle, tmp_path: Path) -> None:
    ended = oracles.run(poor.build(PROGRAMS / "endings.rs"), "unsupported", cwd=tmp_path)
    lines = ended.stdout.decode().splitlines()[1:]
    assert len(lines) == 2
    assert all(line.startswith("Unsupported: ") for line in lines)


def test_full_disk_and_closed_streams(oracle: Oracle, tmp_path: Path) -> None:
    binary = oracle.build(PROGRAMS / "endings.rs")
    with Path("/dev/full").open("wb") as full:
        ended = oracles.run(binary, "full", cwd=tmp_path, stdout=full.fileno())
    assert (ended.returncode, b"StorageFull" in ended.stderr) == (1, True)
    script = f"exec {binary} '' <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", script], check=False).returncode == 0


def test_short_reads_and_interruptions(oracle: Oracle, tmp_path: Path) -> None:
    """Input comes in drops, and a stopped and continued process sees its calls interrupted."""
    program = BUNDLED.program("stdin")
    assert program is not None
    binary = oracle.build(BUNDLED.folder / program.path)
    process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path)
    assert process.stdin and process.stdout

    def drip() -> None:
        assert process.stdin
        for byte in program.stdin.encode():
            process.stdin.write(bytes([byte]))
            process.stdin.flush()
            if byte == ord("\n"):
                os.kill(process.pid, signal.SIGSTOP)
                time.sleep(0.02)
                os.kill(process.pid, signal.SIGCONT)
        process.stdin.close()

    feeder = threading.Thread(target=drip)
    feeder.start()
    output = process.stdout.read().decode()
    feeder.join()
    process.stdout.close()
    assert process.wait(10) == 0
    assert output == program.expect.stdout


def test_sleep_goes_on_after_an_interruption(oracle: Oracle, tmp_path: Path) -> None:
    """Stopping a sleeper interrupts its call on Linux; it must sleep the rest, and not begin anew for ever."""
    source = tmp_path / "sleeper.rs"
    source.write_text(
        "use std::time::*;\nfn main() {\n    let began = Instant::now();\n"
        "    std::thread::sleep(Duration::from_millis(400));\n"
        '    println!("{}", began.elapsed() >= Duration::from_millis(400));\n}\n'
    )
    process = subprocess.Popen([oracle.build(source)], stdout=subprocess.PIPE)
    for _ in range(5):
        time.sleep(0.05)
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGCONT)
    output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (0, b"true\n")


@pytest.mark.parametrize("name", ["hello", "collections", "big-allocation", "time", "args-env", "panics"])
def test_poor_system(name: str, poor: Oracle, tmp_path: Path) -> None:
    """The heap grows with the data segment, thread-locals are statics, sleeping is watching the clock."""
    program = BUNDLED.program(name)
    assert program is not None
    check(program, poor.build(BUNDLED.folder / program.path), tmp_path / "run")


def test_poor_system_says_what_it_lacks(poor: Oracle, tmp_path: Path) -> None:
    source = tmp_path / "lacking.rs"
    source.write_text(
        'fn main() {\n    println!("{}", std::fs::symlink_metadata("/").unwrap_err());\n'
        '    println!("{:?}", std::fs::symlink_metadata("/").unwrap_err().kind());\n'
        "    thread_local!(static LOCAL: std::cell::Cell<u8> = const { std::cell::Cell::new(5) });\n"
        '    println!("{}", LOCAL.get());\n    std::process::id();\n}\n'
    )
    ended = oracles.run(poor.build(source), cwd=tmp_path)
    assert ended.stdout.decode() == "not offered: link_status\nUnsupported\n5\n"
    assert (ended.returncode, b"not offered: process_id" in ended.stderr) == (101, True)
