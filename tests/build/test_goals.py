"""The build from outside, with the real compiler and the real std: sysroots, crates, users' Cargo packages."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.base.errors import BadInput, StepFailed
from portwright.build import goals
from portwright.build.goals import BuildResult
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain

PORT = "x86_64-unknown-veridian"
Portwright = Callable[..., subprocess.CompletedProcess[str]]


def built(goal: str = "sysroot") -> BuildResult:
    """Build a goal of the bundled port in the tests' cache."""
    work = goals.build(ports.load(PORT), goal, update_lock=True)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def crate(path: Path) -> BuildResult:
    """Build a crate for the bundled port."""
    work = goals.build_crate(ports.load(PORT), path)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@pytest.fixture(scope="module")
def result(toolchain: Toolchain) -> BuildResult:
    """The port's sysroot."""
    return built()


pytestmark = pytest.mark.toolchain


def test_plain_rustc_takes_the_sysroot(result: BuildResult, toolchain: Toolchain, tmp_path: Path) -> None:
    source = tmp_path / "a.rs"
    source.write_text(
        'use std::collections::HashMap;\nfn main() { println!("{:?}", HashMap::from([(1, 2)])); }\n'
    )
    env = {**os.environ, **toolchain.variables(), "RUSTC_BOOTSTRAP": "1"}
    argv = [toolchain.rustc, "-Zunstable-options", "--sysroot", result.sysroot, "--target", result.target]
    subprocess.run([*argv, "-O", "-o", tmp_path / "a", source], env=env, check=True)
    assert (tmp_path / "a").read_bytes()[:5] == b"\x7fELF\x02"


def test_nothing_changed_nothing_done(result: BuildResult) -> None:
    assert result.sysroot is not None
    before = {path: path.lstat().st_mtime_ns for path in result.sysroot.rglob("*")}
    again = built()
    assert (again.ran, again.lock, again.sysroot) == ((), "same", result.sysroot)
    assert {path: path.lstat().st_mtime_ns for path in result.sysroot.rglob("*")} == before


def test_paths_of_this_machine_are_not_in_std(result: BuildResult, toolchain: Toolchain) -> None:
    assert result.sysroot is not None
    library = (result.sysroot / "lib/rustlib" / PORT / "lib" / "libstd.rlib").read_bytes()
    assert f"/rustc/{toolchain.commit}/library/std/src".encode() in library
    assert str(result.folder).encode() not in library


def test_a_single_file_is_built_once_and_again_when_it_changes(result: BuildResult, tmp_path: Path) -> None:
    source = tmp_path / "my-prog 1.rs"
    source.write_text('fn main() { println!("one"); }\n')
    first = crate(source)
    (binary,) = first.programs["my-prog_1"]
    assert first.ran == ("program-my-prog_1",)
    assert binary.read_bytes()[:4] == b"\x7fELF"
    assert crate(source).ran == ()
    binary.unlink()
    assert crate(source).ran == ("program-my-prog_1",), "a binary that was taken away is made again"
    source.write_text('fn main() { println!("two, and more"); }\n')
    old = binary.read_bytes()
    assert crate(source).ran == ("program-my-prog_1",)
    assert binary.read_bytes() != old
    source.write_text("mod other;\nfn main() { other::f(); }\n")
    (tmp_path / "other.rs").write_text("pub fn f() {}\n")
    crate(source)
    (tmp_path / "other.rs").write_text("pub fn g() {}\n")
    with pytest.raises(StepFailed, match="cannot find function `f`"):
        crate(source)


def test_a_program_may_not_use_unstable_features(result: BuildResult, tmp_path: Path) -> None:
    source = tmp_path / "unstable.rs"
    source.write_text("#![feature(never_type)]\nfn main() {}\n")
    with pytest.raises(StepFailed, match="never_type") as caught:
        crate(source)
    assert "run it again: cd / && env -i" in (caught.value.faults[0].hint or "")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A user's package with a build script that probes the compiler, a proc-macro, unit tests and a test that fails
    on demand."""
    app, macro = tmp_path / "app", tmp_path / "macro"
    files = {
        app / "Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n'
        '[dependencies]\nthree = { path = "../macro" }\n',
        app / "build.rs": BUILD_SCRIPT,
        app / "src/main.rs": 'fn main() { println!("{} {}", env!("PROBE"), three::three!()); }\n'
        "#[cfg(test)]\nmod tests {\n    #[test]\n    fn counts() { assert_eq!(three::three!(), 3); }\n"
        '    #[test]\n    fn os() { assert_eq!(std::env::consts::OS, "veridian"); }\n}\n',
        macro / "Cargo.toml": '[package]\nname = "three"\nversion = "0.1.0"\nedition = "2021"\n'
        "[lib]\nproc-macro = true\n",
        macro / "src/lib.rs": "use proc_macro::TokenStream;\n"
        '#[proc_macro]\npub fn three(_: TokenStream) -> TokenStream { "3".parse().unwrap() }\n',
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return app


BUILD_SCRIPT = """
use std::{env, fs, process::Command};
fn main() {
    // As `autocfg` and its like ask whether the compiler takes a feature.
    let (out, target) = (env::var("OUT_DIR").unwrap(), env::var("TARGET").unwrap());
    let probe = |name: &str, text: &str| {
        fs::write(format!("{out}/{name}.rs"), text).unwrap();
        let mut command = Command::new(env::var("RUSTC").unwrap());
        command.args(["--crate-type=lib", "--emit=metadata", "--target", &target, "--out-dir", &out]);
        command.arg(format!("{out}/{name}.rs")).output().unwrap().status.success()
    };
    let stable = probe("stable", "pub fn f() -> Vec<u8> { Vec::new() }");
    let unstable = probe("unstable", "#![feature(never_type)] pub fn f() {}");
    println!("cargo:rustc-env=PROBE=target={target},stable={stable},unstable={unstable}");
}
"""


def test_a_users_package_builds_and_its_tests_run_for_the_target(
    result: BuildResult, package: Path, portwright: Portwright, toolchain: Toolchain
) -> None:
    """Configured once, it is plain cargo from there on: build script, proc-macro, `cargo run` and `cargo test`."""
    said = portwright("build", PORT, "--configure", package, "--json")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["configured"] == str(package / ".cargo" / "config.toml")
    source = str(Path(goals.__file__).resolve().parents[2])
    env = {**os.environ, **toolchain.variables(), "PYTHONPATH": source}

    def cargo(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [str(toolchain.cargo), *words, "--offline"]
        return subprocess.run(argv, cwd=package, env=env, capture_output=True, text=True)

    ran = cargo("run", "-q")
    assert ran.stdout == f"target={PORT},stable=true,unstable=false 3\n", ran.stderr
    tested = cargo("test")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "test tests::os ... ok" in tested.stdout
    assert "2 passed; 0 failed" in tested.stdout
    main = package / "src" / "main.rs"
    main.write_text(main.read_text().replace("three!(), 3)", "three!(), 4)"))
    failed = cargo("test")
    assert failed.returncode != 0
    assert "tests::counts" in failed.stdout + failed.stderr
    # The same package through portwright, in its cache: asked every time, because cargo alone knows what it reads.
    made = crate(package)
    assert made.programs["app"][0].read_bytes()[:4] == b"\x7fELF"
    assert crate(package).ran == ("program-app",)


def test_an_unknown_goal_and_a_crate_that_is_none_are_told(result: BuildResult, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no goal `sysrot`") as caught:
        built("sysrot")
    assert "did you mean `sysroot`?" in (caught.value.faults[0].hint or "")
    with pytest.raises(BadInput, match="nothing that Rust can build"):
        crate(tmp_path)


def test_only_what_an_edit_concerns_is_built_again(
    result: BuildResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain
) -> None:
    """A changed line of the layer: std and what stands on it, not core and alloc; and back again the old sysroot."""
    from portwright.derive import std_edits
    from portwright.derive.edit import NewFile

    real = std_edits.edits

    def changed(port: ports.Port) -> tuple[object, ...]:
        first, *rest = real(port)
        assert isinstance(first, NewFile)
        return (NewFile(first.path, first.text + f"\n// one line more: {time.time_ns()}\n", first.why), *rest)

    monkeypatch.setattr(std_edits, "edits", changed)
    compiled = []
    work = goals.build(ports.load(PORT), "sysroot")
    while True:
        try:
            event = next(work)
            compiled += [event.now] if hasattr(event, "now") else []
        except StopIteration as end:
            other = end.value
            break
    assert "std" in compiled
    assert not {"core", "alloc", "compiler_builtins", "hashbrown"} & set(compiled)
    assert other.ran == ("view", "std", "sysroot")
    assert other.sysroot != result.sysroot
    monkeypatch.setattr(std_edits, "edits", real)
    back = built()
    assert (back.ran, back.sysroot) == ((), result.sysroot)


@pytest.mark.e2e
def test_std_killed_at_any_moment_is_built_in_the_end(
    toolchain: Toolchain, fresh_cache: Path, portwright: Portwright, result: BuildResult
) -> None:
    """kill -9 and Ctrl-C in turns while cargo builds std; the end result is that of an undisturbed build."""
    import sys

    source = str(Path(goals.__file__).resolve().parents[2])
    env = {**os.environ, "PYTHONPATH": source}
    for number, seconds in enumerate((0.3, 1.0, 4.0, 9.0, 2.0, 6.0)):
        process = subprocess.Popen(
            [sys.executable, "-m", "portwright", "build", PORT, "sysroot"], env=env, stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        process.send_signal((signal.SIGKILL, signal.SIGINT)[number % 2])
        process.wait()
    assert portwright("build", PORT, "sysroot").returncode == 0
    assert shutil.disk_usage(fresh_cache).free > 0

    def content(sysroot: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (sysroot / "lib/rustlib" / PORT / "lib").iterdir()}

    (made,) = (fresh_cache / "steps").glob("sysroot-*")
    assert result.sysroot is not None
    assert content(made) == content(result.sysroot)
