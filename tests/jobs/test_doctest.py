"""`portwright doctest` through plain `cargo test --doc`, against what rustdoc itself does on the host."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.build import doctests
from portwright.describe.toolchain import Toolchain

PORT = "x86_64-unknown-veridian"
Portwright = Callable[..., subprocess.CompletedProcess[str]]

LIBRARY = """//! ```
//! # use std::collections::HashMap;
//! let m: HashMap<u8, u8> = HashMap::new();
//! assert!(m.is_empty());
//! ```
/// Adds.
/// ```
/// assert_eq!(app::add(1, 2), 3);
/// ```
/// ```
/// assert_eq!(app::add(1, 2), 4, "this one fails");
/// ```
/// ```should_panic
/// panic!("{}", app::add(1, 2));
/// ```
/// ```should_panic
/// println!("does not");
/// ```
/// ```compile_fail,E0308
/// let x: u8 = "a";
/// ```
/// ```compile_fail,E0001
/// let x: u8 = "a";
/// ```
/// ```compile_fail
/// let x = 1;
/// ```
/// ```no_run
/// loop {}
/// ```
/// ```ignore
/// nonsense
/// ```
/// ```ignore-x86_64
/// nonsense
/// ```
/// ```text
/// not rust
/// ```
/// ```edition2015
/// let async = 1;
/// assert_eq!(async, 1);
/// ```
/// ```
/// "3".parse::<i32>()?;
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
/// ```
/// fn main() { app::add(1, 1); std::process::exit(3) }
/// ```
/// ```
/// this does not compile
/// ```
pub fn add(a: i32, b: i32) -> i32 {
    a + b
}
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A library whose documentation has a test of every kind."""
    folder = tmp_path / "app"
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text('[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n')
    (folder / "src" / "lib.rs").write_text(LIBRARY)
    return folder


def lines(text: str) -> set[str]:
    """The outcome of each test, and the sum."""
    return set(re.findall(r"^test src.*|\d+ passed; \d+ failed; \d+ ignored; .* filtered out", text, re.M))


@pytest.mark.toolchain
def test_the_tests_of_documentation_come_out_as_on_the_host(
    package: Path, portwright: Portwright, toolchain: Toolchain
) -> None:
    source = str(Path(doctests.__file__).resolve().parents[2])
    env = {**os.environ, **toolchain.variables(), "PYTHONPATH": source}

    def cargo(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        argv = [str(toolchain.cargo), "test", "--doc", "--offline", *words]
        return subprocess.run(argv, cwd=package, env={**env, **more}, capture_output=True, text=True)

    tools = {"RUSTC": str(toolchain.rustc), "RUSTDOC": str(toolchain.rustc.with_name("rustdoc"))}
    host = cargo(**tools, CARGO_TARGET_DIR=str(package / "host-target"))
    if "running" not in host.stdout:
        pytest.skip(f"rustdoc: the host's own does not run tests here: {host.stderr[-300:]}")
    assert portwright("build", PORT, "--configure", package).returncode == 0
    target = cargo()
    assert lines(target.stdout) == lines(host.stdout), target.stdout + target.stderr
    assert len(lines(target.stdout)) == 16, "fifteen tests and the sum"
    assert target.returncode != 0
    assert "this one fails" in target.stdout
    chosen = cargo("line_7"), cargo("(line", "--", "7)")
    assert [re.findall(r"running \d+ tests?|\d+ filtered", run.stdout) for run in chosen] == [
        ["running 0 tests", "15 filtered"],
        ["running 15 tests", "0 filtered"],
    ], "as libtest does: a name that holds any of the words"


def test_words_of_cargo_are_read_as_rustdoc_reads_them() -> None:
    said = "--edition=2021 --crate-type lib --test src/lib.rs --target t --extern a=b.rlib -Cembed-bitcode=no"
    tool = "--test-runtool-arg run --test-runtool-arg --test --test-args --quiet --check-cfg cfg(test)"
    words = [*said.split(), "-L", "dependency=x y", "--test-runtool", "/p w", *tool.split()]
    wanted = doctests.request([*words, "--test-args", "one two", "--test-run-directory", "/d"])
    compiled = ["--edition", "2021", "--target", "t", "--extern", "a=b.rlib", "-C", "embed-bitcode=no", "-L"]
    assert wanted.compile == (*compiled, "dependency=x y", "--check-cfg", "cfg(test)")
    assert wanted.runner == ("/p w", "run", "--test")
    assert (wanted.filters, wanted.target, wanted.folder) == (("one", "two"), "t", Path("/d"))
    assert not wanted.no_run
