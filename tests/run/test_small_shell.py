"""The small shell and its programs (`ports/utilities`), held against this machine's own: the same script says and
does the same with either, on the kernel and, for some, in a guest."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import std_oracle as oracles
from port_copies import one_at_a_time
from portwright.build import goals
from portwright.describe import utility
from portwright.run import machine
from portwright.run.options import Options

ORACLE = oracles.load()
HOSTS = "/bin/sh"
STDIN = b"first line  here \nsecond\\\n one\\ x\\y z\nlast"
VARIABLES = {"HOME": "/", "WORDS": " two  words ", "EMPTY": ""}
pytestmark = [pytest.mark.toolchain, pytest.mark.slow, pytest.mark.usefixtures("toolchain")]

SCRIPTS = {
    "status": [
        "true",
        "false",
        "exit 3",
        "false; exit",
        "exit 257",
        "exit no",
        "echo $?; false; echo $? ${?}",
        "",
    ],
    "joined": [
        "false && echo no || echo yes",
        "true || echo no && echo yes",
        "echo one;echo two\n\n  echo three # a comment\necho a#b '#' c",
        "echo a &&\n echo b ||\n\n echo c",
        "true;",
        "   # nothing",
    ],
    "echo": ["echo -n one; echo ' two'", "echo 'a\\nb\\tc\\\\d\\0101\\ce' unseen; echo \"x\\qy\"", "echo"],
    "folders": [
        "cd / && pwd; echo $PWD",
        "cd; pwd",
        "cd nowhere; echo $?",
        "cd nowhere || echo failed && echo both",
        "HOME=/usr cd; pwd; echo $HOME",
        "mkdir a && cd a && pwd; echo $OLDPWD",
    ],
    "read": [
        'read line; echo $line; echo "$line"',
        'read a b; echo "[$a] [$b]"; read c; echo "[$c]"; read -r d; echo "[$d] $?"; read e; echo "[$e] $?"',
        'read a b c d; echo "[$a][$b][$c][$d]"',
        'read a; read -r b; echo "[$b]"',
        'read a; read b c d; echo "[$b][$c][$d]"',
        "read a; cat",
        "read a < nofile; echo $?",
        "read",
    ],
    "redirections": [
        ": < nofile; echo unseen",
        "echo x > file; cat file; echo y >> file; cat < file; echo z >file; cat file",
        "echo err >&2; echo out 1>&2; echo both 2>&1",
        "cat nofile 2>/dev/null; echo $?",
        "> made; cat made; echo $?",
        ">made echo first words; cat made",
        "2>err echo hello; cat err",
        "echo 2>f 3; echo 2 >f 3; cat f; echo a2>f; cat f",
        "sh -c 'echo out; echo err >&2' >f 2>&1; cat f",
        "sh -c 'echo out; echo err >&2' 2>&1 >f; cat f",
        "echo >",
    ],
    "variables": [
        "A=1; echo $A \"${A}b\" '$A' \\$A $AB; A=2 echo $A; echo $A",
        'A=1 B=2; echo "$A$B"',
        'A=\'x  y\'; echo $A; echo "$A"; B=$A; echo "$B"',
        'echo +$WORDS+ x$WORDS"y" "$EMPTY" $EMPTY \'\'',
        "A=1 export B=2; echo $A $B",
        "A=1 :; echo $A; A=2 true; echo $A",
        'A=x=y; echo $A; B==; echo "$B"',
        "echo a=b A=3 echo; a-b=c",
        "1A=3 echo",
        "export 1A=3; echo unseen",
        "C='echo from a variable'; $C",
        "false; A=3; echo $?",
        "A=one sh -c 'echo $A'; sh -c 'echo $A'; A=two; sh -c 'echo $A'; export A; sh -c 'echo $A'",
    ],
    "environment": [
        "env",
        "A=one env; true",
        "A=one; env; export A; env; export B=2; env",
        "env A=b env; env A=b",
    ],
    "quotes": [
        'echo "a\'b" \'c"d\' "e\\"f" "g\\\\h" "i\\$j" k\\ l "m\\\nn" \'o\\\np\'',
        "echo \\\njoined a\\\nb",
        'echo $ "$" $+ a$',
        "'echo' quoted; \"ec\"ho parts; $EMPTY echo gone; $EMPTY",
        "echo unclosed 'quote",
        'echo unclosed "quote',
    ],
    "wrong": ["echo a;; echo b", "; echo a", "echo a &&", "&& echo a", "echo <"],
    "printf": [
        "printf '%s-%s\\n' a b c; printf '%d%%\\n' 12; printf 'plain\\t\\101\\n'; printf '[%s]\\n'",
        "printf '%d\\n' x; echo $?",
    ],
    "programs": [
        "no-such-program; echo $?",
        "./nofile; echo $?",
        "echo text > script; ./script; echo $?",
        "mkdir a && mkdir a; echo $?; mkdir ./; echo $?; mkdir b/c; echo $?; mkdir; echo $?",
        "sleep 0; echo $?; sleep 0.01",
        "env no-such-program; echo $?; env false; echo $?",
        "sh -c 'exit 4'; echo $?",
        "echo in > f; cat - f < f; cat nofile f; echo $?",
        "/bin/true && echo path; exit 5; echo unseen",
    ],
}


@dataclass(frozen=True)
class Said:
    """What a script did: its status, output and files, and whether it complained."""

    status: int
    stdout: bytes
    complains: bool
    files: Mapping[str, bytes]


@pytest.fixture(scope="module")
def built() -> Mapping[str, Path]:
    """The programs by their places, built for the oracle."""
    oracles.skip_elsewhere()
    found: dict[str, Path] = {}
    for each in utility.utilities(ORACLE.ledger):
        with one_at_a_time(ORACLE):
            made = oracles.result_of(goals.build_crate(ORACLE, utility.folder() / each.path))
        found |= dict.fromkeys(each.places, made.programs[each.name][0])
    return found


@pytest.fixture(scope="module")
def folder(built: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """They by their names, for PATH."""
    found = tmp_path_factory.mktemp("bin")
    for place, binary in built.items():
        (found / Path(place).name).symlink_to(binary)
    return found


def said(shell: Path, path: str, script: str, place: Path) -> Said:
    place.mkdir()
    done = subprocess.run(
        [shell, "-c", script], cwd=place, env={**VARIABLES, "PATH": path}, input=STDIN, capture_output=True
    )
    lines = done.stdout.replace(os.fsencode(place), b"HERE").replace(os.fsencode(path), b"SEARCHED")
    if "env" in script:  # in no order
        lines = b"".join(sorted(lines.splitlines(keepends=True)))
    files = {one.name: one.read_bytes() for one in place.iterdir() if one.is_file()}
    return Said(done.returncode, lines, bool(done.stderr), files)


@pytest.mark.parametrize("about", SCRIPTS)
def test_a_script_does_what_it_does_in_the_hosts_shell(about: str, folder: Path, tmp_path: Path) -> None:
    for number, script in enumerate(SCRIPTS[about]):
        theirs = said(Path(HOSTS), "/usr/bin:/bin", script, tmp_path / f"theirs-{number}")
        ours = said(folder / "sh", str(folder), script, tmp_path / f"ours-{number}")
        assert ours == theirs, script


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("echo a | cat", "pipelines"),
        ("sleep 1 &", "background"),
        ("(echo a)", "subshells"),
        ("if true; then echo; fi", "`if`"),
        ("echo $(pwd)", "`$(`"),
        ("echo `pwd`", "output as a word"),
        ("echo ${A:-b}", "${A:-b}"),
        ("echo $1", "parameters"),
        ("echo *.c", "patterns"),
        ("A='*'; echo $A", "holds one"),
        ("echo ~", "home folders"),
        ("cat <<END\nEND", "`<<`"),
        ("echo 3>file", "streams other than"),
        ("IFS=:", "`IFS`"),
        ("kill -9 $$", "command"),
        ("test -f x", "command"),
        ("printf %x 3", "%x"),
        ("true; echo 'a\nb'; for x in y", "sh: 2: this small shell does not know `for`"),
    ],
)
def test_what_it_does_not_know_it_says(script: str, what: str, folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [folder / "sh", "-c", script], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 2 and what in done.stderr and done.stderr.startswith("sh: "), done
    assert done.stdout == "" and list(tmp_path.iterdir()) == []


def test_its_own_number(folder: Path) -> None:
    shell = subprocess.Popen([folder / "sh", "-c", "echo $$"], stdout=subprocess.PIPE)
    assert shell.communicate()[0] == b"%d\n" % shell.pid


def test_it_is_only_called_with_a_script(folder: Path) -> None:
    for words in ([], ["-x"], ["file"], ["-c"], ["-c", "true", "name"]):
        done = subprocess.run([folder / "sh", *words], stdin=subprocess.DEVNULL, capture_output=True)
        assert (done.returncode, done.stdout) == (2, b"") and b"sh -c SCRIPT" in done.stderr
    done = subprocess.run([folder / "sh", "-c", b"echo \xff"], capture_output=True)
    assert done.returncode == 2 and b"UTF-8" in done.stderr


@pytest.mark.parametrize(("name", "words"), [("env", ["-i"]), ("mkdir", ["-p", "a"]), ("cat", ["-n"])])
def test_options_that_a_program_does_not_know(
    name: str, words: list[str], folder: Path, tmp_path: Path
) -> None:
    done = subprocess.run([folder / name, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and f"{name}: " in done.stderr and words[0] in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("engine", ["native", "unicorn"])
def test_in_a_guest_it_does_the_same(engine: str, built: Mapping[str, Path], tmp_path: Path) -> None:
    script = 'read a; echo "$a"; mkdir /d && cd d && pwd; sh -c "exit 7"; echo $?; cat; A=1 env A=2 sh -c "echo \\$A"'
    theirs = subprocess.run(
        [HOSTS, "-c", script.replace("/d", "d")], cwd=tmp_path, input=STDIN, capture_output=True
    )
    options = Options(
        arguments=("-c", script),
        at="/bin/sh",
        programs=built,
        environment={"PATH": "/bin"},
        stdin=STDIN,
        capture=True,
        engine=engine,
        seed=5,
    )
    ours = machine.run_program(ORACLE, built["/bin/sh"], options)
    assert (ours.status, ours.stderr) == (0, b"")
    assert ours.stdout == theirs.stdout.replace(os.fsencode(tmp_path), b"")
