"""The native recorder, from outside: real programs below it, against strace, hashlib and what they did themselves."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

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


@dataclass
class Recorded:
    """A command that was recorded to its end."""

    status: int
    stdout: bytes
    stderr: bytes
    log: log.Log

    @property
    def events(self) -> tuple[log.Event, ...]:
        return self.log.events

    def of(self, kind: type) -> list[log.Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def argvs(self) -> list[tuple[str, ...]]:
        return [event.argv for event in self.events if isinstance(event, log.Exec)]

    def opened(self, modes: str) -> set[str]:
        return {event.path for event in self.events if isinstance(event, log.Open) and event.mode in modes}

    def hashes(self, path: Path) -> list[str]:
        return [e.digest for e in self.events if isinstance(e, log.Hashed) and e.path == str(path)]


@pytest.fixture(scope="module")
def program() -> Path:
    if sys.platform != "linux" or not shutil.which("rustc") or not shutil.which("cc"):
        pytest.skip("the recorder needs Linux, rustc and cc")
    found = tracing.recorder()
    why = tracing.why_not_traced(found)
    if why:
        pytest.skip(f"no process can be traced here: {why}")
    return found


Record = Callable[..., Recorded]


def started(
    program: Path, to: Path, command: Sequence[str | bytes | Path], **more: object
) -> subprocess.Popen[bytes]:
    head = [str(program), "trace", str(to), str(time.monotonic_ns()), "--"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*head, *map(os.fspath, command)], **{**pipes, **more})  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def record(program: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Record:
    def run(*command: str | bytes | Path, **more: object) -> Recorded:
        to = tmp_path_factory.mktemp("log") / "log"
        process = started(program, to, command, **{"cwd": tmp_path, **more})
        out, err = process.communicate(timeout=60)
        read = log.parse(to.read_bytes(), str(to))
        assert read.ended and oct(to.stat().st_mode & 0o777) == "0o600"
        return Recorded(process.returncode, out, err, read)

    return run


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def settled(of: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not of() and time.monotonic() < end:
        time.sleep(0.02)
    return of()


def test_hashes_are_sha_256_with_and_without_the_processors_instructions(
    program: Path, tmp_path: Path
) -> None:
    data = bytes(range(251)) * 2000
    for size in (0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 131071, 131072, 131073, 500_000):
        file = tmp_path / "file"
        file.write_bytes(data[:size])
        for how in ("hash", "hash-plainly"):
            said = subprocess.run([program, how, file], capture_output=True, check=True).stdout
            assert said.decode().strip() == sha(data[:size]), (how, size)


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


def of_strace(
    command: Sequence[str], cwd: Path, folder: Path
) -> tuple[Counter[tuple[str, ...]], set[str], set[str]]:
    """(argv of every program, files read, files written) as strace saw them."""
    to = folder / "strace"
    calls = "trace=execve,execveat,open,openat,creat"
    subprocess.run(
        ["strace", "-f", "-qq", "-y", "-xx", "-s", "100000", "-o", to, "-e", calls, *command],
        cwd=cwd,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    text = re.sub(r" <unfinished \.\.\.>\n(?:(?!^(\d+) ).*\n)*", " <unfinished ...>\n", to.read_text())
    waiting: dict[str, str] = {}
    argvs: Counter[tuple[str, ...]] = Counter()
    read, written = set(), set()

    def plain(words: str) -> str:
        return os.fsdecode(bytes.fromhex(words.replace("\\x", "")))

    for line in text.splitlines():
        pid, _, said = line.partition(" ")
        said = said.strip()
        if said.endswith("<unfinished ...>"):
            waiting[pid] = said.removesuffix("<unfinished ...>")
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>", said):
            said = waiting.pop(pid, "") + said[resumed.end() :]
        if said.startswith("execve") and said.endswith(" = 0"):
            argvs[tuple(map(plain, re.findall(r'"((?:\\x..)*)"', said.split("[", 1)[1].split("]")[0])))] += 1
        elif found := re.search(r"\) += \d+<(.*)>$", said):
            path = plain(found[1]) if "\\x" in found[1] else found[1]
            (written if re.search(r"O_WRONLY|O_RDWR|O_CREAT|^creat", said) else read).add(path)
    return argvs, read, written


TEMPORARY = re.compile(
    r"/tmp/\w+(\.[\w.]+)?|\.tmp\w{6}|st[A-Za-z0-9]{6}(?![^/])|rustc[A-Za-z0-9]{6}|rmeta[A-Za-z0-9]{6}|\d{5,}|[0-9a-z]{20,}"
)


def nameless(path: str) -> str:
    """Without what is another name in each run."""
    return TEMPORARY.sub("*", path)


def told(path: str) -> bool:
    return not path.startswith(("/proc", "/dev", "/sys")) and path != "/etc/ld.so.cache"


def test_programs_and_files_are_those_that_strace_sees(record: Record, tmp_path: Path) -> None:
    if not shutil.which("strace") or not shutil.which("make"):
        pytest.skip("strace or make is not on this machine")
    (tmp_path / "a.c").write_text(
        '#include <stdio.h>\n#include "a.h"\nint main(void){return puts(WORD) < 0;}\n'
    )
    (tmp_path / "a.h").write_text('#define WORD "hello"\n')
    (tmp_path / "b.rs").write_text("pub fn b() -> u32 { 3 }\n")
    recipes = "\tcc -c -o a.o a.c\n\tar rcs liba.a a.o\n\tcc -o a a.o && ./a > said\n"
    recipes += "\trustc --crate-type rlib -o libb.rlib b.rs\n\tcp a.o copy.o\n\trm -f *.o\n"
    (tmp_path / "Makefile").write_text(f"all:\n{recipes}")
    command = ["make", "-s"]
    argvs, read, written = of_strace(command, tmp_path, tmp_path)
    for name in ("liba.a", "libb.rlib", "a", "said"):
        (tmp_path / name).unlink()
    done = record(*command)
    assert done.status == 0
    ours = Counter(tuple(map(nameless, argv)) for argv in done.argvs)
    theirs = Counter({tuple(map(nameless, argv)): count for argv, count in argvs.items()})
    assert sum(theirs.values()) > 8 and ours == theirs

    def real(paths: set[str]) -> set[str]:
        return {nameless(os.path.realpath(path.removesuffix(" (deleted)"))) for path in paths if told(path)}

    assert real(done.opened("rd")) ^ real(read) == set()
    assert real(done.opened("wa")) ^ real(written) == set()
    for name in ("a", "liba.a", "libb.rlib", "said"):
        file = tmp_path / name
        assert done.hashes(file)[-1] == sha(file.read_bytes()), name


def test_a_failed_change_is_not_told(record: Record, tmp_path: Path) -> None:
    script = "mkdir a; mkdir a; mv no b; ln -s x l; ln -s x l; ln l/no m; rm no; rmdir a/..; touch a/f; rmdir a; : > a"
    done = record("sh", "-c", script)
    changed = [
        (type(e).__name__, e[2])
        for e in done.events
        if isinstance(e, log.Changed | log.Moved | log.Symlinked)
    ]
    assert changed == [("Changed", "mkdir"), ("Symlinked", "x")]
    assert done.opened("wa") == {str(tmp_path / "a/f")}


def test_versions_of_a_file_that_processes_write_in_turn(record: Record, tmp_path: Path) -> None:
    steps = ["echo one > f", "echo two >> f", "mv f g", "ln g h", "rm g", "echo three > h", "chmod 755 h"]
    done = record("sh", "-c", "; ".join(f"sh -c '{step}'" for step in steps))
    f, h = tmp_path / "f", tmp_path / "h"
    assert done.hashes(f) == [sha(b"one\n"), sha(b"one\ntwo\n")]
    assert done.hashes(h) == [sha(b"three\n")]
    modes = [e.mode for e in done.events if isinstance(e, log.Open) and e.path in (str(f), str(h))]
    assert modes == ["w", "a", "w"]
    names = [e for e in done.events if isinstance(e, log.Moved | log.Changed)]
    assert [(e.kind, Path(e[-1]).name) for e in names] == [
        ("rename", "g"),
        ("link", "h"),
        ("unlink", "g"),
        ("chmod", "h"),
    ]
    order = [type(e).__name__ for e in done.events if isinstance(e, log.Moved | log.Hashed)]
    assert order == ["Hashed", "Hashed", "Moved", "Moved", "Hashed"]


def test_a_large_version_is_hashed_before_it_is_written_over(record: Record, tmp_path: Path) -> None:
    turn = "head -c 4000000 /dev/zero | sh -c 'cat > f'; printf $i | dd of=f conv=notrunc 2>&-"
    turns = f"for i in 1 2 3 4 5 6; do {turn}; done"
    done = record("sh", "-c", turns)
    first, zeros = tmp_path / "f", bytes(4_000_000)
    expected = [
        sha(zeros if step == 0 else str(i).encode() + zeros[1:]) for i in range(1, 7) for step in (0, 1)
    ]
    assert done.hashes(first) == expected


def test_a_file_that_its_writer_renames_and_what_it_removes(record: Record, tmp_path: Path) -> None:
    script = (
        "import os\nopen('t','w').write('x')\nos.rename('t','f')\nopen('gone','w').write('y')\nos.remove('gone')\n"
        "os.mkdir('d')\nopen('d/in','w').write('z')\nos.rename('d','e')\n"
    )
    done = record(sys.executable, "-S", "-c", script)
    hashed = {
        Path(e.path).relative_to(tmp_path).as_posix(): e.digest
        for e in done.events
        if isinstance(e, log.Hashed)
    }
    assert hashed == {"f": sha(b"x"), "e/in": sha(b"z")}


def test_a_file_without_a_name_that_gets_one(record: Record, tmp_path: Path) -> None:
    script = (
        "import os\nf=os.open('.',os.O_TMPFILE|os.O_RDWR,0o644)\nos.write(f,b'late')\n"
        "os.link(f'/proc/self/fd/{f}','named',src_dir_fd=f,follow_symlinks=True)"
    )
    done = record(sys.executable, "-S", "-c", script)
    if done.status:
        pytest.skip("this file system has no files without names")
    assert done.hashes(tmp_path / "named") == [sha(b"late")]


def test_names_of_any_bytes(record: Record, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff a\n\t%41")
    done = record("sh", "-c", 'mkdir "$1"; cd "$1"; echo x > "$1"; cat < "./$1"; ../a "$1"', "sh", name)
    whole = str(tmp_path / name / name)
    assert whole in done.opened("w") and whole in done.opened("r") and done.argvs[0][-1] == name
    assert done.hashes(Path(whole)) == [sha(b"x\n")]


def test_what_dots_lead_to(record: Record, tmp_path: Path) -> None:
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "near").symlink_to("far/deep")
    (tmp_path / "far" / "file").write_text("x")
    done = record("sh", "-c", "cat near/../file ./far//deep/./../file; cd near; cat ../file", cwd=tmp_path)
    assert done.status == 0
    mine = [e for e in done.events if isinstance(e, log.Open) and e.path.startswith(str(tmp_path))]
    assert [e.path for e in mine] == [str(tmp_path / "far/file")] * 2


def test_a_static_program_and_one_whose_thread_becomes_another(record: Record, tmp_path: Path) -> None:
    (tmp_path / "t.c").write_text(THREADS)
    for flags in ([], ["-static"]):
        subprocess.run(["cc", *flags, "-pthread", "-o", "t", "t.c"], cwd=tmp_path, check=True)
        done = record("./t", "made")
        assert done.status == 4 and done.argvs == [("./t", "made"), ("sh", "-c", "exit 4")]
        assert len({event.pid for event in done.events if isinstance(event, log.Exec | log.Exit)}) == 1
        assert done.hashes(tmp_path / "made") == [sha(b"before")]
        assert not done.of(log.Fork) and not done.of(log.Lost)


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
