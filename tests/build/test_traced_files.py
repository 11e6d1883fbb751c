"""What the native recorder tells of files: against strace, hashlib, and what the programs did themselves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from native_recorder import Record, sha
from portwright.build import event_log as log


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


def test_a_writer_that_goes_on_after_another(record: Record, tmp_path: Path) -> None:
    done = record(
        "sh", "-c", "exec 3>f; echo one >&3; sh -c 'echo two >> f'; echo three >&3; sh -c 'cat f > g'"
    )
    said = [
        (e.pid, e.digest) for e in done.events if isinstance(e, log.Hashed) and e.path == str(tmp_path / "f")
    ]
    shell = next(e.pid for e in done.events if isinstance(e, log.Exec))
    assert [digest for _, digest in said] == [
        sha(b"one\n"),
        sha(b"one\ntwo\n"),
        sha((tmp_path / "f").read_bytes()),
    ]
    assert said[0][0] == said[2][0] == shell != said[1][0]


def test_what_is_removed_by_another_name_is_not_missed(record: Record, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "near").symlink_to("real")
    done = record(sys.executable, "-S", "-c", "import os; open('near/f','w').write('x'); os.remove('real/f')")
    assert not done.of(log.Lost) and not done.of(log.Hashed)


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


EXCHANGE = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.renameat2.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
if libc.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2):
    sys.exit(77)
"""


def test_two_files_that_change_their_names_with_one_another(record: Record, tmp_path: Path) -> None:
    (tmp_path / "swap.py").write_text(EXCHANGE)
    swap = f"{sys.executable} swap.py one other"
    done = record("sh", "-c", f"echo 1 > one; echo 22 > other; {swap} || exit 77; echo 3 >> one")
    if done.status == 77:
        pytest.skip("this file system exchanges no names")
    moves = [event for event in done.events if isinstance(event, log.Moved)]
    assert [(move.kind, move.old, move.new) for move in moves] == [
        ("exchange", str(tmp_path / "one"), str(tmp_path / "other"))
    ]
    assert done.hashes(tmp_path / "one")[-1] == sha(b"22\n3\n")
    assert log.line(moves[0]).startswith("exchange\t")
