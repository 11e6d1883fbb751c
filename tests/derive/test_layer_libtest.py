"""Cargo's own ways with std's layer: `cargo test`, in threads and without, where a failing test says why, and
whole-program optimization, which must keep the program's first instruction."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import std_oracle as oracles
from port_copies import one_at_a_time
from portwright.build import goals
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain
from std_oracle import PROGRAMS

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
TESTS = """
#[test]
fn works() {
    use std::io::Write;
    println!("not shown");
    let spawned = std::thread::Builder::new().spawn(|| ()).is_ok();
    writeln!(std::io::stderr(), "{:?} {spawned}", std::thread::current().name()).unwrap();
}

#[test]
#[should_panic]
fn panics() {
    panic!("ends the run where a panic cannot be caught");
}

#[test]
fn answers() -> Result<(), std::num::ParseIntError> {
    "17".parse::<i32>().map(drop)
}

#[test]
#[ignore]
fn fails() {
    println!("said before it failed");
    assert_eq!(1 + 1, 3, "arithmetic");
}
"""


Build = Callable[..., None]


@pytest.fixture(scope="module")
def cargo(toolchain: Toolchain) -> Build:
    """Runs cargo in a crate's folder with no more than the sysroot in its flags: `cargo(folder, "build")`."""
    oracles.skip_elsewhere()
    return cargo_for(oracles.load(), toolchain)


def cargo_for(port: Port, toolchain: Toolchain) -> Build:
    """What runs cargo for a port."""
    with one_at_a_time(port):
        built = oracles.result_of(goals.build(port, "sysroot"))

    def run(crate: Path, *words: str) -> None:
        environment = {
            **os.environ,
            "RUSTC": str(toolchain.rustc),
            "RUSTC_BOOTSTRAP": "1",
            "RUSTFLAGS": f"-Zunstable-options --sysroot {built.sysroot}",
            "CARGO_TARGET_DIR": str(crate / "target"),
        }
        command = [str(toolchain.cargo), *words, "--offline", "--target", port.target]
        done = subprocess.run(
            command, cwd=crate, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    return run


def crate(folder: Path, main: str, source: str, profile: str = "") -> Path:
    """A package of one file."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / main).write_text(source)
    manifest = f'[package]\nname = "tested"\nedition = "2024"\n\n[workspace]\n{profile}'
    (folder / "Cargo.toml").write_text(manifest)
    return folder


def built_tests(cargo: Build, folder: Path) -> Path:
    """The test program of a crate, built by `cargo test --no-run`."""
    cargo(crate(folder, "lib.rs", TESTS), "test", "--no-run")
    found = [path for path in folder.glob("target/*/debug/deps/tested-*") if path.suffix == ""]
    return found[0]


@pytest.fixture(scope="module")
def harness(cargo: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test program where there are threads, and a panic ends the process."""
    return built_tests(cargo, tmp_path_factory.mktemp("tests") / "crate")


def test_tests_run_in_the_only_thread_where_there_are_no_others(toolchain: Toolchain, tmp_path: Path) -> None:
    oracles.skip_elsewhere()
    harness = built_tests(cargo_for(oracles.load("poor"), toolchain), tmp_path / "crate")
    ended = oracles.run(harness, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout.decode()
    assert "2 passed; 0 failed; 2 ignored" in ended.stdout.decode()
    assert ended.stderr == b'Some("main") false\n'


def test_tests_that_must_panic_run_where_a_panic_unwinds(toolchain: Toolchain, tmp_path: Path) -> None:
    oracles.skip_elsewhere()
    harness = built_tests(cargo_for(oracles.load(panic="unwind"), toolchain), tmp_path / "crate")
    ended = oracles.run(harness, "--include-ignored", cwd=tmp_path)
    shown = ended.stdout.decode()
    assert ended.returncode == 101, shown
    assert "test panics - should panic ... ok" in shown and "test fails ... FAILED" in shown
    assert "3 passed; 1 failed; 0 ignored" in shown
    assert "said before it failed" in shown and "src/lib.rs:25:5" in shown and "arithmetic" in shown


def test_passing_run(harness: Path, tmp_path: Path) -> None:
    ended = oracles.run(harness, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout.decode()
    shown = ended.stdout.decode()
    assert "test answers ... ok" in shown and "test works ... ok" in shown
    assert "test panics - should panic ... ignored" in shown
    assert "2 passed; 0 failed; 2 ignored" in shown
    assert "not shown" not in shown
    assert ended.stderr == b'Some("works") true\n', "a test has a thread of its own"


def test_failing_run_says_why(harness: Path, tmp_path: Path) -> None:
    """The message lies in libtest's buffer when the process ends: it must come out all the same."""
    ended = oracles.run(harness, "--test-threads=1", "--ignored", "fails", cwd=tmp_path)
    assert ended.returncode == 101
    assert ended.stdout.decode().rstrip().endswith("test fails ...")
    said = ended.stderr.decode()
    assert said.startswith("said before it failed\n")
    assert "src/lib.rs:25:5" in said and "arithmetic" in said


@pytest.mark.parametrize("lto", ["thin", "fat"])
def test_whole_program_optimization(lto: str, cargo: Build, tmp_path: Path) -> None:
    """std's own bitcode is there for it; the stripped program starts, and has its thread-locals."""
    source = (PROGRAMS.parents[2] / "ports/programs/thread-locals/src/main.rs").read_text()
    profile = f'\n[profile.release]\nlto = "{lto}"\ncodegen-units = 1\nopt-level = "z"\nstrip = true\n'
    folder = crate(tmp_path / "crate", "main.rs", source, profile)
    cargo(folder, "build", "--release")
    binary = next(folder.glob("target/*/release/tested"))
    ended = oracles.run(binary, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.stdout.decode().endswith("main ends\ndestroyed 1: second\ndestroyed 2: first\n")
