"""The native recorder, from outside: real programs below it, their streams, ends and signals."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from native_recorder import Record, settled, sha, started
from portwright.build import event_log as log
from portwright.build import tracing

THREADS = """
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static char *words[] = {"sh", "-c", "exit 4", 0};
static void *become(void *nothing) { execv("/bin/sh", words); return nothing; }
static void *idle(void *nothing) { for (;;) pause(); return nothing; }
int main(int count, char **argv) {
    pthread_t one, other;
    int file = open(argv[1], O_WRONLY | O_CREAT, 0600);
    if (write(file, "before", 6) != 6 || close(file)) return 1;
    pthread_create(&other, 0, idle, 0);
    pthread_create(&one, 0, become, 0);
    pthread_join(one, 0);
    return 9;
}
"""


def test_a_command_passes_its_streams_and_status_and_is_told_of(record: Record, tmp_path: Path) -> None:
    done = record("sh", "-c", "cat; echo out; echo err >&2; exit 7", stdin=subprocess.PIPE)
    assert (done.status, done.stdout, done.stderr) == (7, b"out\n", b"err\n")
    shell, cat = done.of(log.Exec)
    assert isinstance(shell, log.Exec) and isinstance(cat, log.Exec)
    assert (
        shell.argv[0] == "sh" and shell.exe == str(Path("/bin/sh").resolve()) and shell.cwd == str(tmp_path)
    )
    assert dict(word.split("=", 1) for word in shell.env)["PATH"] == os.environ["PATH"]
    assert all(fd.startswith("pipe:") for fd in shell.fds)
    assert done.of(log.Fork) == [log.Fork(done.of(log.Fork)[0].t, shell.pid, cat.pid)]
    ends = {event.pid: event for event in done.events if isinstance(event, log.Exit)}
    assert ends[shell.pid].status == 7 and ends[cat.pid].status == 0 and ends[shell.pid].peak > 100_000
    assert isinstance(done.events[-1], log.End) and done.events[-1].status == 7
    assert abs(done.log.start - time.time_ns()) < 120e9


def test_a_command_that_is_not_there(record: Record) -> None:
    done = record("/nowhere/at/all")
    assert done.status == 127 and b"cannot start the command: No such file" in done.stderr
    assert record("/etc/passwd").status == 126


def test_a_static_program_and_one_whose_thread_becomes_another(record: Record, tmp_path: Path) -> None:
    (tmp_path / "t.c").write_text(THREADS)
    for flags in ([], ["-static"]):
        subprocess.run(["cc", *flags, "-pthread", "-o", "t", "t.c"], cwd=tmp_path, check=True)
        done = record("./t", "made")
        assert done.status == 4 and done.argvs == [("./t", "made"), ("sh", "-c", "exit 4")]
        assert len({event.pid for event in done.events if isinstance(event, log.Exec | log.Exit)}) == 1
        assert done.hashes(tmp_path / "made") == [sha(b"before")]
        assert not done.of(log.Fork) and not done.of(log.Lost)


def test_a_32_bit_program_is_told_of(record: Record, tmp_path: Path) -> None:
    (tmp_path / "old.S").write_text(".globl _start\n_start: mov $1, %eax\n mov $7, %ebx\n int $0x80\n")
    make = ["cc", "-m32", "-nostdlib", "-static", "-o", "old", "old.S"]
    if subprocess.run(make, cwd=tmp_path, capture_output=True).returncode:
        pytest.skip("cc makes no 32-bit programs here")
    try:
        subprocess.run(["./old"], cwd=tmp_path)
    except OSError:
        pytest.skip("this kernel runs no 32-bit programs")
    done = record("./old", "a b")
    assert done.status == 7 and done.argvs == [("./old", "a b")]
    assert ["32-bit" in e.why for e in done.events if isinstance(e, log.Lost)] == [True]


def test_signals_reach_the_command_and_its_end_is_ours(record: Record, program: Path, tmp_path: Path) -> None:
    assert record("sh", "-c", "kill -SEGV $$").status == -signal.SIGSEGV
    assert record("sh", "-c", "kill -KILL $$").status == -signal.SIGKILL
    assert record("sh", "-c", "trap 'exit 3' USR1; kill -USR1 $$; sleep 5").status == 3
    stopped = "sleep 0.1 & kill -STOP $!; kill -CONT $!; wait $!; echo $?"
    assert record("sh", "-c", stopped).stdout == b"0\n"
    # To the group, as a terminal's are: the command decides. To us alone: passed on.
    script = "trap 'echo heard; exit 6' INT TERM; echo ready; while :; do sleep 0.02; done"
    for number, send in ((signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill)):
        process = started(program, tmp_path / "log", ["sh", "-c", script], start_new_session=True)
        assert process.stdout and process.stdout.readline() == b"ready\n"
        send(process.pid, number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (6, b"heard\n", b"")


def test_a_stopped_command_stays_stopped_until_it_is_continued(program: Path, tmp_path: Path) -> None:
    process = started(
        program, tmp_path / "log", ["sh", "-c", "echo $$; kill -STOP $$; echo on"], start_new_session=True
    )
    assert process.stdout
    pid = int(process.stdout.readline())
    state = Path(f"/proc/{pid}/stat")
    assert settled(lambda: state.read_text().rpartition(")")[2].split()[0] in "tT")
    time.sleep(0.1)
    assert state.read_text().rpartition(")")[2].split()[0] in "tT" and process.poll() is None
    os.kill(pid, signal.SIGCONT)
    assert process.communicate(timeout=20)[0] == b"on\n" and process.returncode == 0


def test_a_thousand_processes(record: Record, tmp_path: Path) -> None:
    if not shutil.which("make"):
        pytest.skip("make is not on this machine")
    names = " ".join(f"t{n}" for n in range(1000))
    (tmp_path / "Makefile").write_text(f"all: {names}\n.PHONY: all {names}\n{names}:\n\t@true $@\n")
    done = record("make", "-j4")
    assert done.status == 0
    assert Counter(done.argvs)[("true", "t999")] == 1 and len(done.argvs) == 1001
    assert len(done.of(log.Fork)) == 1000 and len(done.of(log.Exit)) == 1001


def test_what_is_left_running_is_told_and_lives_on(record: Record, tmp_path: Path) -> None:
    script = "(exec >/dev/null 2>&1 <&1; sleep 1.5; echo late > f; cat f > g) & echo left"
    began = time.monotonic()
    done = record("sh", "-c", script)
    assert done.status == 0 and done.stdout == b"left\n"
    assert time.monotonic() - began < 1.4 or not (tmp_path / "f").exists()
    assert [e.why for e in done.events if isinstance(e, log.Lost)] == ["left running"] * 2
    assert settled(lambda: (tmp_path / "g").exists() and (tmp_path / "g").read_text() == "late\n")


@contextlib.contextmanager
def running(*all_of: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in all_of:
            process.kill()
            process.communicate()


def test_two_recordings_at_once_do_not_mix(program: Path, tmp_path: Path) -> None:
    def script(n: int) -> list[str]:
        return ["sh", "-c", f"for i in 1 2 3 4 5 6 7 8; do /bin/echo {n} > f; cp f f{n}; done"]

    both = [started(program, tmp_path / f"log{n}", script(n), cwd=tmp_path) for n in (1, 2)]
    with running(*both):
        for n, process in enumerate(both, 1):
            process.communicate(timeout=30)
            read = log.parse((tmp_path / f"log{n}").read_bytes(), "log")
            argvs = [e.argv for e in read.events if isinstance(e, log.Exec)]
            assert argvs == [tuple(script(n)), *[("/bin/echo", str(n)), ("cp", "f", f"f{n}")] * 8]


def test_a_killed_recorder_takes_the_command_with_it_and_leaves_whole_lines(
    program: Path, tmp_path: Path
) -> None:
    to = tmp_path / "log"
    script = "echo $$; while :; do /bin/true; done"
    process = started(program, to, ["sh", "-c", script])
    with running(process):
        assert process.stdout
        pid = int(process.stdout.readline())
        assert settled(lambda: to.stat().st_size > 4000)
        process.kill()
        assert settled(lambda: not Path(f"/proc/{pid}/exe").exists())
    read = log.parse(to.read_bytes(), str(to))
    assert not read.ended and any(isinstance(event, log.Exit) for event in read.events)


def test_a_full_disk_is_the_recorders_own_failure(program: Path) -> None:
    process = started(program, Path("/dev/full"), ["sh", "-c", "echo out"])
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (
        tracing.OWN_FAILURE,
        b"out\n",
    ) and b"the log is not whole: No space" in err


def test_where_tracing_is_refused_the_reason_is_said(record: Record, program: Path) -> None:
    # What is traced already cannot be traced by another.
    done = record(program, "check")
    assert done.status == 1 and b"no process be traced: Operation not permitted" in done.stdout
    inner = record(program, "trace", "/dev/null", "0", "--", "echo", "never")
    assert (
        inner.status == tracing.OWN_FAILURE
        and inner.stdout == b""
        and b"no process be traced" in inner.stderr
    )


def test_a_user_without_rights_records_too(program: Path) -> None:
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        shutil.copy(program, folder / program.name)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        tool = folder / program.name
        script = "echo x > f; mkdir /nope-at-all; rm /etc/passwd"
        done = subprocess.run(
            [*nobody, tool, "trace", folder / "log", "0", "--", "sh", "-c", script],
            cwd=folder,
            capture_output=True,
        )
        read = log.parse((folder / "log").read_bytes(), "log")
        assert done.returncode == 1 and b"Permission denied" in done.stderr
        assert [e.path for e in read.events if isinstance(e, log.Hashed)] == [str(folder / "f")]
        assert not any(isinstance(e, log.Changed) for e in read.events)


def test_what_speaks_to_the_network_is_told(record: Record) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = (
            f"import socket\nsocket.create_connection(('127.0.0.1',{port})).send(b'x')\n"
            "socket.socket(socket.AF_INET6,socket.SOCK_DGRAM).sendto(b'x',('::1',9))"
        )
        done = record(sys.executable, "-S", "-c", script)
    spoken = [(e.family, e.address) for e in done.events if isinstance(e, log.Net)]
    assert spoken == [("inet", f"127.0.0.1:{port}"), ("inet6", "[::1]:9")]


SENDMMSG = """
import ctypes, socket, struct
libc, own = ctypes.CDLL(None, use_errno=True), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.sendmsg([b"x"], [], 0, ("127.0.0.1", 9))
pair = socket.socketpair()
pair[0].sendmsg([b"x"])
keep, heads = [], b""
for port in (10, 11):
    address = ctypes.create_string_buffer(struct.pack("=HHI8x", 2, socket.htons(port), 0x0100007F), 16)
    data = ctypes.create_string_buffer(b"x", 1)
    vector = ctypes.create_string_buffer(struct.pack("=QQ", ctypes.addressof(data), 1), 16)
    keep += [address, data, vector]
    heads += struct.pack("=QI4xQQQQi4xI4x", ctypes.addressof(address), 16, ctypes.addressof(vector), 1, 0, 0, 0, 0)
assert libc.sendmmsg(own.fileno(), ctypes.create_string_buffer(heads, len(heads)), 2, 0) == 2
"""


def test_messages_with_addresses_of_their_own_are_told(record: Record) -> None:
    """As QUIC and some resolvers send them: without a connection."""
    done = record(sys.executable, "-S", "-c", SENDMMSG)
    assert done.status == 0, done.stderr
    spoken = [event.address for event in done.events if isinstance(event, log.Net)]
    assert spoken == ["127.0.0.1:9", "127.0.0.1:10", "127.0.0.1:11"]
