"""The configuration of a user's crate: nothing of the user's is lost, what cannot be joined is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from portwright.base.errors import BadInput
from portwright.build.cargo_config import configure
from portwright.build.goals import BuildResult

RUNNER = ["portwright", "run", "x-y-z"]


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    folder = tmp_path / "crate"
    folder.mkdir()
    (folder / "Cargo.toml").write_text("[package]\n")
    return folder


@pytest.fixture
def built(tmp_path: Path) -> BuildResult:
    """A build whose results are only named."""
    return BuildResult("x-y-z", tmp_path / "p", tmp_path, None, "same", ())  # type: ignore[arg-type]


def test_a_new_file_says_target_compiler_and_runner(crate: Path, built: BuildResult, tmp_path: Path) -> None:
    path = configure(crate, built, RUNNER)
    assert path == crate / ".cargo" / "config.toml"
    tools = tmp_path / "p" / "sysroot" / "bin"
    assert tomllib.loads(path.read_text()) == {
        "build": {"target": "x-y-z", "rustc": str(tools / "rustc"), "rustdoc": str(tools / "rustdoc")},
        "target": {"x-y-z": {"runner": RUNNER}},
    }
    before = path.stat().st_mtime_ns
    configure(crate, built, RUNNER)
    assert path.stat().st_mtime_ns == before


def test_what_the_user_wrote_stays_byte_for_byte(crate: Path, built: BuildResult) -> None:
    own = (
        '# mine\n[alias]\nb = "build"   # short\n\n[build]\njobs = 1 # few\n\n[target.other]\nlinker = "cc"\n'
    )
    path = crate / ".cargo" / "config.toml"
    path.parent.mkdir()
    path.write_text(own)
    configure(crate, built, RUNNER)
    rest = iter(path.read_text().splitlines())
    assert all(line in rest for line in own.splitlines()), "a line was changed, lost or moved"
    after = tomllib.loads(path.read_text())
    assert after["build"]["jobs"] == 1
    assert after["target"] == {"other": {"linker": "cc"}, "x-y-z": {"runner": RUNNER}}


def test_an_older_sysroot_or_runner_of_ours_is_replaced(
    crate: Path, built: BuildResult, tmp_path: Path
) -> None:
    moved = BuildResult("x-y-z", tmp_path / "portwright" / "q", tmp_path, None, "same", ())  # type: ignore[arg-type]
    path = configure(crate, moved, ["/venv/python", "-m", "portwright", "run", "/old/port"])
    configure(crate, built, RUNNER)
    after = tomllib.loads(path.read_text())
    assert after["target"]["x-y-z"]["runner"] == RUNNER
    assert after["build"]["rustc"] == str(tmp_path / "p" / "sysroot" / "bin" / "rustc")


def test_every_conflict_is_told_and_nothing_is_written(crate: Path, built: BuildResult) -> None:
    path = crate / ".cargo" / "config"
    path.parent.mkdir()
    own = '[build]\ntarget = "wasm32-unknown-unknown"\n[target.x-y-z]\nrunner = "qemu"\n'
    path.write_text(own)
    with pytest.raises(BadInput) as caught:
        configure(crate, built, RUNNER)
    assert len(caught.value.faults) == 2
    assert "'wasm32-unknown-unknown' already" in caught.value.faults[0].what
    assert path.read_text() == own
    assert not (crate / ".cargo" / "config.toml").exists()


def test_what_is_no_crate_or_no_toml_is_told(crate: Path, built: BuildResult, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no Cargo\.toml"):
        configure(tmp_path, built, RUNNER)
    (crate / ".cargo").mkdir()
    (crate / ".cargo" / "config.toml").write_text("[build\n")
    with pytest.raises(BadInput, match="cannot be read"):
        configure(crate, built, RUNNER)
    (crate / ".cargo" / "config.toml").write_text("build = 1\n")
    with pytest.raises(BadInput, match="`build` is no table"):
        configure(crate, built, RUNNER)
