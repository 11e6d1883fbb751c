"""A toolchain that was handed out: a crate is built with it where there is no portwright, and runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from portwright.base.events import outcome
from portwright.build import goals
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain
from portwright.run import machine
from portwright.run.events import Exited
from portwright.run.options import Options

NAME = "x86_64-unknown-veridian"
MAIN = """\
include!(concat!(env!("OUT_DIR"), "/made.rs"));
fn main() { println!("{MADE} and {}", shout::loud!()); }
"""
BUILD = """\
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/made.rs"), "const MADE: &str = \\"made by a build script\\";").unwrap();
}
"""
MACRO = """\
use proc_macro::TokenStream;
#[proc_macro]
pub fn loud(_: TokenStream) -> TokenStream { "\\"by a macro\\"".parse().unwrap() }
"""


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain) -> Path:
    """The folder, out of the tarball, in a place whose name is not easy, and only to be read."""
    built = outcome(goals.build(ports.load(NAME), "dist"))
    place = tmp_path_factory.mktemp("handed out")
    folder, archive = built.dist
    subprocess.run(["tar", "-xzf", archive, "-C", place], check=True)  # as a user would
    return place / folder.name


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with a build script and a procedural macro."""
    files = {
        "Cargo.toml": '[package]\nname = "tried"\nversion = "0.1.0"\nedition = "2024"\n'
        '[dependencies]\nshout = { path = "shout" }\n',
        "src/main.rs": MAIN,
        "build.rs": BUILD,
        "shout/Cargo.toml": '[package]\nname = "shout"\nversion = "0.1.0"\nedition = "2024"\n'
        "[lib]\nproc-macro = true\n",
        "shout/src/lib.rs": MACRO,
    }
    for path, text in files.items():
        (tmp_path / "tried" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tried" / path).write_text(text)
    (tmp_path / "home").mkdir()
    return tmp_path / "tried"


def cargo(argv: list[str | Path], package: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it in an empty environment and an empty home."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(package.parent / "home"), **environment}
    return subprocess.run(argv, cwd=package, env=env, capture_output=True, text=True, timeout=300)


@pytest.mark.toolchain
def test_a_crate_is_built_in_an_empty_environment_and_runs(
    handed_out: Path, package: Path, toolchain: Toolchain
) -> None:
    """With the folder's tools alone; what comes out runs on the userland machine."""
    env = _with_rustc(toolchain)
    ran = cargo([handed_out / "bin/cargo", "build", "--release", "--target", NAME], package, **env)
    assert ran.returncode == 0, ran.stderr
    program = package / "target" / NAME / "release" / "tried"
    outcome = machine.run_program(ports.load(NAME), program, Options(capture=True))
    assert outcome.end == Exited(0) and outcome.stdout == b"made by a build script and by a macro\n"


@pytest.mark.toolchain
def test_it_says_which_compiler_it_needs(handed_out: Path, package: Path) -> None:
    """Where that is not found; the folder names no folder of the machine that made it."""
    ran = subprocess.run(
        [handed_out / "bin/rustc", "-V"], env={"PATH": str(_tools(package))}, capture_output=True, text=True
    )
    if ran.returncode == 0:
        assert Path("/usr/bin/rustc").exists()  # a place that is always looked at
    else:
        assert ran.returncode == 125 and "needs rustc 1." in ran.stderr and "PORTWRIGHT_RUSTC" in ran.stderr
    cache = os.environ["PORTWRIGHT_CACHE"]
    for path in (
        "bin/rustc",
        "bin/cargo",
        "lib/portwright/find-rust.sh",
        "lib/portwright/stamp.json",
        "README.md",
    ):
        assert cache not in (handed_out / path).read_text()
    assert cache not in (handed_out / "lib/rustlib" / NAME / "target.json").read_text()


@pytest.mark.toolchain
def test_the_readmes_commands(handed_out: Path, package: Path, toolchain: Toolchain) -> None:
    """The configuration that it shows, with the folder's place filled in."""
    readme = (handed_out / "README.md").read_text()
    lines = [line.removeprefix("    ") for line in readme.splitlines() if line.startswith("    ")]
    start = lines.index("[build]")
    config = "\n".join(lines[start : start + 4]).replace("/path/to/" + handed_out.name, str(handed_out))
    (package / ".cargo").mkdir()
    (package / ".cargo/config.toml").write_text(config)
    ran = cargo(["cargo", "build"], package, **_with_rustc(toolchain))
    assert ran.returncode == 0, ran.stderr
    assert (package / "target" / NAME / "debug" / "tried").is_file()


@pytest.mark.toolchain
def test_rustup_can_link_it(handed_out: Path, package: Path, toolchain: Toolchain) -> None:
    """`cargo +veridian` of a rustup that knows nothing else."""
    rustup = shutil.which("rustup")
    if rustup is None:
        pytest.skip("rustup is not installed")
    env = {**_with_rustc(toolchain), "RUSTUP_HOME": str(package.parent / "rustup")}
    linked = cargo([rustup, "toolchain", "link", "veridian", handed_out], package, **env)
    assert linked.returncode == 0, linked.stderr
    proxy = Path(rustup).with_name("cargo")
    ran = cargo([proxy, "+veridian", "build", "--target", NAME], package, **env)
    assert ran.returncode == 0, ran.stderr
    assert (package / "target" / NAME / "debug" / "tried").is_file()


def _with_rustc(toolchain: Toolchain) -> dict[str, str]:
    """The compiler, which may lie in a cache that a user would not have."""
    return {
        "PORTWRIGHT_RUSTC": str(toolchain.rustc),
        **{name: f"{value}:/usr/bin:/bin" for name, value in toolchain.environment.items()},
    }


def _tools(package: Path) -> Path:
    """A PATH with what a shell script needs, and no Rust."""
    folder = package.parent / "tools"
    folder.mkdir()
    for tool in ("sh", "dirname", "readlink", "pwd"):
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return folder
