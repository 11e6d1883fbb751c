"""std's files over operations: links, attributes, locks and removing, on this kernel and in the userland machine, where
std's own Unix code says what is right."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import std_oracle as oracles
from portwright.describe.toolchain import Toolchain
from portwright.run.events import Died, Outcome
from portwright.run.machine import run_program
from portwright.run.options import Options
from std_oracle import PROGRAMS, Oracle

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]


@pytest.fixture(scope="module")
def oracle(toolchain: Toolchain) -> Oracle:
    """The layer from Linux's whole table."""
    oracles.skip_elsewhere()
    return Oracle(oracles.load(), toolchain)


def in_machine(oracle: Oracle, binary: Path, *arguments: str, engine: str, seed: int) -> Outcome:
    """Run a program below /tmp of a root of its own, unkindly."""
    options = Options(
        arguments=arguments,
        capture=True,
        seed=seed,
        stdin=b"",
        engine=engine,
        at="/bin/program",
        cwd="/tmp",
        clock="virtual",
    )
    return run_program(oracle.port, binary, options)


@pytest.mark.parametrize(("name", "lines"), [("linking", 50), ("attributes", 50), ("streams", 7)])
@pytest.mark.parametrize("engine", ["native", "unicorn"])
def test_the_machine_answers_as_a_unix_does(
    name: str, lines: int, engine: str, oracle: Oracle, tmp_path: Path
) -> None:
    path = PROGRAMS / f"{name}.rs"
    binary, host = oracle.build(path), oracle.build_for_host(path, tmp_path)
    theirs = oracles.run(host, cwd=oracles.fresh(tmp_path / "theirs"))
    assert theirs.returncode == 0 and len(theirs.stdout.splitlines()) >= lines
    for seed in (1, 2):
        ours = in_machine(oracle, binary, engine=engine, seed=seed)
        assert ours.status == 0, ours.stderr.decode()
        assert ours.stdout.decode().splitlines() == theirs.stdout.decode().splitlines()
        assert ours.reports == ()


@pytest.mark.parametrize("engine", ["native", "unicorn"])
def test_threads_wait_for_the_lock_of_a_file(engine: str, oracle: Oracle) -> None:
    binary = oracle.build(PROGRAMS / "locking.rs")
    for seed in (1, 2, 3):
        ended = in_machine(oracle, binary, engine=engine, seed=seed)
        assert (ended.status, ended.stdout) == (0, b"done\n"), ended.stderr.decode()


def test_threads_wait_for_the_lock_of_a_file_on_this_kernel(oracle: Oracle, tmp_path: Path) -> None:
    ended = oracles.run(oracle.build(PROGRAMS / "locking.rs"), cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, b"done\n"), ended.stderr.decode()


def test_a_lock_that_never_comes_is_a_deadlock_and_says_for_what(oracle: Oracle) -> None:
    ended = in_machine(oracle, oracle.build(PROGRAMS / "locking.rs"), "twice", engine="native", seed=1)
    assert ended.stdout == b"held\n"
    assert isinstance(ended.end, Died) and ended.end.report.kind == "deadlock"
    assert "the only thread waits for a lock on the open file" in ended.end.report.what


@contextlib.contextmanager
def swapping(folder: Path, outside: Path) -> Iterator[None]:
    """Put a link to `outside` into the folder's place whenever it is there, for a moment each time."""
    hidden, over = folder.parents[1] / "hidden", threading.Event()

    def swap() -> None:
        while not over.is_set():
            shutil.rmtree(hidden, ignore_errors=True)
            with contextlib.suppress(OSError):
                folder.rename(hidden)
                folder.symlink_to(outside)
            time.sleep(0.0002)
            with contextlib.suppress(OSError):
                folder.unlink()

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_removing_a_tree_follows_no_link_that_is_put_in_its_way(oracle: Oracle, tmp_path: Path) -> None:
    """What lies outside is there afterwards, however often a directory was a link a moment later."""
    outside, here = oracles.fresh(tmp_path / "outside"), oracles.fresh(tmp_path / "here")
    (outside / "x").mkdir()
    kept = [outside / "kept", outside / "x" / "kept"]
    for path in kept:
        path.write_text("kept")
    with swapping(here / "tree" / "swapped", outside):
        ended = oracles.run(oracle.build(PROGRAMS / "removing.rs"), cwd=here)
    assert [path.exists() for path in kept] == [True, True]
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.stdout.startswith(b"true ")


CURRENT = """\
use std::io::IsTerminal;
fn main() {
    let stdin = std::io::stdin().is_terminal();
    println!("{stdin} {} {}", std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    println!("{}", std::env::current_exe().unwrap().display());
    println!("{:?} {:?}", std::env::temp_dir(), std::env::home_dir());
}
"""


def test_terminals_and_the_programs_own_file(oracle: Oracle, tmp_path: Path) -> None:
    """Standard input is a terminal, the other two are not; and the other way round."""
    source = tmp_path / "current.rs"
    source.write_text(CURRENT)
    binary = oracle.build(source)
    outer, inner = pty.openpty()
    try:
        ended = subprocess.run([binary], stdin=inner, capture_output=True, env={"HOME": "/h"}, check=True)
        assert ended.stdout.decode() == f'true false false\n{binary.resolve()}\n"/tmp" Some("/h")\n'
        error = subprocess.run(
            [binary],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=inner,
            env={"HOME": "", "TMPDIR": "/t"},
            check=True,
        )
        assert error.stdout.decode().splitlines()[0] == "false false true"
        assert error.stdout.decode().splitlines()[2] == '"/t" None'
    finally:
        os.close(outer)
        os.close(inner)


DENIED = """\
use std::fs::{self, File, OpenOptions};
fn main() {
    let told = |answer: std::io::Result<()>| println!("{:?}", answer.map_err(|error| error.kind()));
    for path in ["secret", "closed/file", "others"] {
        println!("{path}");
        told(File::open(path).map(drop));
        told(OpenOptions::new().append(true).open(path).map(drop));
        told(fs::metadata(path).map(drop));
        told(fs::set_permissions(path, fs::metadata(".").unwrap().permissions()));
        told(fs::remove_file(path));
        told(fs::hard_link(path, "new"));
        told(fs::canonicalize(path).map(drop));
        told(File::create_new(format!("{path}-new")).map(drop));
        told(fs::remove_dir_all("closed"));
        told(fs::read_dir("closed").map(drop));
        told(fs::create_dir("closed/new"));
    }
}
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="denied: only root can become somebody who is denied something")
def test_what_is_denied_to_others(oracle: Oracle, tmp_path: Path) -> None:
    source = tmp_path / "denied.rs"
    source.write_text(DENIED)
    said = []
    for binary in (oracle.build(source), oracle.build_for_host(source, tmp_path)):
        copy = tmp_path / f"copy-{len(said)}"
        copy.write_bytes(binary.read_bytes())
        copy.chmod(0o755)
        here = oracles.fresh(tmp_path / "here")
        (here / "closed").mkdir()
        for name, mode in (("secret", 0o600), ("closed/file", 0o666), ("others", 0o644)):
            (here / name).write_text("x")
            (here / name).chmod(mode)
        (here / "closed").chmod(0o700)
        for folder in (here, *here.parents):
            if folder.is_relative_to(tempfile.gettempdir()) and folder != Path(tempfile.gettempdir()):
                folder.chmod(0o755)
        ended = subprocess.run(
            [copy], cwd=here, capture_output=True, user=65534, group=65534, extra_groups=[], check=False
        )
        assert ended.returncode == 0, ended.stderr.decode()
        said.append(ended.stdout.decode())
    assert said[0] == said[1]
    assert said[0].count("PermissionDenied") > 15
