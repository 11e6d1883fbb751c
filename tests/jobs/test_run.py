"""The verb `run` from outside: what it takes, what passes through, and its exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from port_copies import copied
from portwright.describe import port as ports
from portwright.run import engine as engines
from portwright.run.engine import Setup

PORT = "x86_64-unknown-veridian"
CODE, DATA = 0x40_0000, 0x60_0000


@pytest.fixture(params=["native", "unicorn"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that can serve here; skips the ones that cannot."""
    reason = engines.serves(request.param, Setup("x86-64", "syscall"))
    if reason is not None:
        pytest.skip(f"{request.param} engine: {reason}")
    return str(request.param)


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    """A hand-assembled program that copies standard input to standard output and exits with argc."""
    import struct

    ledger = ports.load(PORT).ledger
    read, write, leave = (ledger.syscalls[name].number for name in ("read", "write", "exit"))

    def move(register: str, value: int) -> bytes:
        return bytes.fromhex({"rax": "b8", "rdi": "bf", "rsi": "be", "rdx": "ba"}[register]) + struct.pack(
            "<I", value
        )

    loop = move("rax", read) + move("rdi", 0) + move("rsi", DATA) + move("rdx", 64) + b"\x0f\x05"
    loop += bytes.fromhex("4885c0")  # test rax, rax
    # A failed read that is EINTR is made again; any other failure, like the end, leaves.
    out = bytes.fromhex("4989c4 41bd") + struct.pack("<I", DATA)  # r12 = rax; r13d = DATA
    again = move("rax", write) + move("rdi", 1) + bytes.fromhex("4c89ee 4c89e2 0f05")
    again += bytes.fromhex(
        "4885c0 7808 4901c5 4929c4"
    )  # js +8 (past the loop's jump); r13 += rax; r12 -= rax
    again += b"\x75" + struct.pack("b", -(len(again) + 2))  # jne again
    body = out + again
    eintr = bytes.fromhex("4883f8f9")  # cmp rax, -7
    front = loop + b"\x7f" + bytes([len(eintr) + 2 + 2])  # jg body
    front += eintr + b"\x74" + struct.pack("b", -(len(front) + len(eintr) + 2))  # je loop
    front += b"\xeb" + bytes([len(body) + 2])  # jmp leave
    code = front + body + b"\xeb" + struct.pack("b", -(len(front) + len(body) + 2))  # jmp loop
    code += bytes.fromhex("488b3c24") + move("rax", leave) + b"\x0f\x05"  # exit(argc)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, CODE, 64, 0, 0, 64, 56, 2, 64, 0, 0
    )
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0x1000, CODE, CODE, len(code), len(code), 0x1000)
    segments += struct.pack("<IIQQQQQQ", 1, 6, 0, DATA, DATA, 0, 0x1000, 0x1000)
    path = tmp_path / "cat"
    path.write_bytes((header + segments).ljust(0x1000, b"\0") + code)
    path.chmod(0o755)
    # It does not ask again where the system is busy, so it runs on a port whose system never is.
    calm = copied(PORT, tmp_path / "calm")
    text = (calm / "abi.toml").read_text()
    (calm / "abi.toml").write_text(
        "".join(row for row in text.splitlines(True) if not row.startswith("busy ="))
    )
    return path


def test_streams_pass_through_and_the_status_is_the_programs(portwright, cat: Path, engine: str) -> None:
    done = portwright(
        "run", cat.parent / "calm", "--engine", engine, cat, "one", "--two", "-q", stdin="through\n" * 50
    )
    assert (done.stdout, done.stderr, done.returncode) == ("through\n" * 50, "", 4)


def test_options_stand_before_the_program_and_not_behind(portwright, cat: Path) -> None:
    before = portwright("run", "--trace", cat.parent / "calm", cat, stdin="x")
    between = portwright("run", cat.parent / "calm", "--trace", "--kind", cat, stdin="x")
    behind = portwright("run", cat.parent / "calm", cat, "--trace", stdin="x")
    assert 'write(1, "x", 1) = 1' in before.stderr and 'write(1, "x", 1) = 1' in between.stderr
    assert behind.stderr == "" and behind.returncode == 2, "argc counts it"


def test_a_trace_for_tools_goes_to_its_own_file(portwright, cat: Path, tmp_path: Path, engine: str) -> None:
    file = tmp_path / "trace"
    words = ("--trace=json", "--trace-file", file, "--kind", "--seed", "1", "--engine", engine)
    done = portwright("run", *words, cat.parent / "calm", cat, stdin="abc")
    assert (done.stdout, done.stderr) == ("abc", "")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(row["name"], row["result"]) for row in rows] == [
        ("read", 3),
        ("write", 3),
        ("read", 0),
        ("exit", None),
    ]
    assert portwright("run", "--trace=words", cat.parent / "calm", cat).returncode == 125


def test_a_trace_that_cannot_be_written_is_a_fault(portwright, cat: Path, engine: str) -> None:
    options = ("--engine", engine, "--trace", "--trace-file", "/dev/full")
    done = portwright("run", *options, PORT, cat, stdin="hello")
    assert done.returncode == 125
    assert "cannot write the trace" in done.stderr and "[run/trace]" in done.stderr
    assert "defect" not in done.stderr


def test_failures_of_portwright_are_125_and_say_everything(portwright, cat: Path, tmp_path: Path) -> None:
    done = portwright(
        *("run", "--memory", "x", "--time", "0", "--env", "=", "--share", "nowhere", "--at", "bin"),
        *("--install", "nowhere=/bin/x", "--processes", "0", cat.parent / "calm", cat),
    )
    assert done.returncode == 125
    assert [word in done.stderr for word in ("--memory", "--time", "--env", "--share")] == [True] * 4
    assert [word in done.stderr for word in ("`--at bin`", "`nowhere` is no file", "`--processes 0`")] == [
        True
    ] * 3
    for words in (("nothing-here", cat), (PORT, tmp_path / "none"), (PORT, tmp_path / "none.rs")):
        done = portwright("run", *words)
        assert done.returncode == 125 and "hint:" in done.stderr, words
        assert "Traceback" not in done.stderr


def test_what_cannot_be_loaded_says_why(portwright, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    done = portwright("run", PORT, script)
    assert done.returncode == 125 and "script" in done.stderr


def test_a_result_for_tools_holds_captured_output(portwright, cat: Path) -> None:
    done = portwright("run", "--json", "--seed", "5", cat.parent / "calm", cat, "a")
    document = json.loads(done.stdout)
    assert (document["verb"], document["status"], document["seed"]) == ("run", 2, 5)
    assert document["outcome"]["end"] == {"status": 2}


def test_standard_input_that_is_closed_is_closed_for_the_guest(cat: Path, repo: Path, engine: str) -> None:
    line = f'exec "$0" -m portwright run --engine {engine} --trace --kind "$2" "$1" 0<&-'
    done = start(["sh", "-c", line, sys.executable, str(cat), str(cat.parent / "calm")], repo).communicate(
        timeout=60
    )
    assert b"read(0, " in done[1] and b"EBADF" in done[1]


def test_a_reader_that_goes_away_is_the_guests_epipe(cat: Path, repo: Path, engine: str) -> None:
    argv = [
        sys.executable,
        "-m",
        "portwright",
        "run",
        "--engine",
        engine,
        "--trace",
        str(cat.parent / "calm"),
        str(cat),
    ]
    process = start(argv, repo)
    assert process.stdin and process.stdout and process.stderr
    process.stdout.close()
    process.stdin.write(b"x" * 10)
    process.stdin.close()
    trace = process.stderr.read().decode()
    assert "EPIPE" in trace and "Traceback" not in trace
    assert process.wait(60) == 1


def test_interrupt_from_the_keyboard_ends_guest_and_tool(cat: Path, repo: Path, engine: str) -> None:
    argv = [sys.executable, "-m", "portwright", "run", "--engine", engine, str(cat.parent / "calm"), str(cat)]
    process = start(argv, repo, process_group=0)
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(b"ready")
    process.stdin.flush()
    seen = b""
    while seen != b"ready":
        seen += os.read(process.stdout.fileno(), 16)
    before = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130 and time.monotonic() - before < 20
    assert b"Traceback" not in process.stderr.read()


def start(argv: list[str], repo: Path, **given: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(repo / "src")}
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, **given)


@pytest.mark.toolchain
def test_programs_of_the_port_sources_and_packages_are_built_first(
    portwright, toolchain, tmp_path: Path
) -> None:
    (tmp_path / "hello").write_text("a file of the same name as one of the port's programs")
    named = portwright("run", PORT, "hello", cwd=tmp_path)
    assert (named.stdout, named.returncode) == ("Hello from VeridianOS rustc!\n", 0), named.stderr
    assert portwright("run", PORT, "./hello", cwd=tmp_path).returncode == 125
    source = tmp_path / "one.rs"
    source.write_text('fn main() { println!("{:?}", std::env::args().skip(1).collect::<Vec<_>>()) }')
    single = portwright("run", PORT, source, "a", "--b")
    assert (single.stdout, single.returncode) == ('["a", "--b"]\n', 0), single.stderr
    package = tmp_path / "package"
    (package / "src").mkdir(parents=True)
    (package / "Cargo.toml").write_text('[package]\nname = "package"\nedition = "2024"\nversion = "0.1.0"\n')
    (package / "src" / "main.rs").write_text("fn main() { std::process::exit(9) }")
    assert portwright("run", PORT, package).returncode == 9
    (package / "src" / "main.rs").write_text("fn main() { nothing }")
    broken = portwright("run", PORT, package)
    assert broken.returncode == 125 and "cannot find value `nothing`" in broken.stderr


@pytest.mark.toolchain
def test_a_panic_and_an_overflow_of_the_stack_in_rust(portwright, toolchain, tmp_path: Path) -> None:
    source = tmp_path / "deep.rs"
    source.write_text(
        "fn deeper(n: u64) -> u64 { let room = [n; 64]; if n == 0 { 0 } else "
        "{ deeper(std::hint::black_box(room)[7] - 1) + std::hint::black_box(room)[9] } }\n"
        'fn main() { println!("{}", deeper(std::env::args().nth(1).unwrap().parse().unwrap())) }'
    )
    fine = portwright("run", PORT, source, "1000")
    assert (fine.stdout, fine.returncode) == ("500500\n", 0), fine.stderr
    over = portwright("run", PORT, source, "100000000")
    assert over.returncode == 139 and "stack overflow" in over.stderr
    assert "deep::deeper" in over.stderr and "Traceback" not in over.stderr
    panics = portwright("run", PORT, source)
    assert panics.returncode == 101 and "deep.rs:2" in panics.stderr
