"""`cargo test` with std's layer: tests run one after the other in one thread, and a failing one says why."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import std_oracle as oracles
from portwright.build import goals
from portwright.describe.toolchain import Toolchain

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
TESTS = """
#[test]
fn works() {
    println!("not shown");
    let thread = std::thread::current();
    assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "{thread:?}");
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


@pytest.fixture(scope="module")
def harness(cache: Path, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test program of a crate, built by `cargo test --no-run` with plain flags."""
    oracles.skip_elsewhere()
    port = oracles.load(cache)
    built = oracles.result_of(goals.build(port, "sysroot"))
    crate = tmp_path_factory.mktemp("crate")
    (crate / "src").mkdir()
    (crate / "src" / "lib.rs").write_text(TESTS)
    (crate / "Cargo.toml").write_text('[package]\nname = "tested"\nedition = "2024"\n\n[workspace]\n')
    environment = {
        **os.environ,
        "RUSTC": str(toolchain.rustc),
        "RUSTC_BOOTSTRAP": "1",
        "RUSTFLAGS": f"-Zunstable-options --sysroot {built.sysroot}",
        "CARGO_TARGET_DIR": str(crate / "target"),
    }
    command = [toolchain.cargo, "test", "--no-run", "--offline", "--target", port.target]
    subprocess.run(command, cwd=crate, env=environment, check=True, capture_output=True)
    found = [path for path in crate.glob("target/*/debug/deps/tested-*") if path.suffix == ""]
    return found[0]


def test_passing_run(harness: Path, tmp_path: Path) -> None:
    ended = oracles.run(harness, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout.decode()
    shown = ended.stdout.decode()
    assert "test answers ... ok" in shown and "test works ... ok" in shown
    assert "test panics - should panic ... ignored" in shown
    assert "2 passed; 0 failed; 2 ignored" in shown
    assert "not shown" not in shown


def test_failing_run_says_why(harness: Path, tmp_path: Path) -> None:
    """The message lies in libtest's buffer when the process ends: it must come out all the same."""
    ended = oracles.run(harness, "--ignored", "fails", cwd=tmp_path)
    assert ended.returncode == 101
    assert ended.stdout.decode().rstrip().endswith("test fails ...")
    said = ended.stderr.decode()
    assert said.startswith("said before it failed\n")
    assert "src/lib.rs:24:5" in said and "arithmetic" in said
