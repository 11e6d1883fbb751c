"""`portwright build` and `portwright plan` as a person meets them; what needs no compiler to be run."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from port_copies import copied
from portwright.describe.toolchain import Toolchain

PORT = "x86_64-unknown-veridian"
Portwright = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.toolchain


def test_a_dry_run_builds_nothing_and_says_why(
    portwright: Portwright, fresh_cache: Path, toolchain: Toolchain
) -> None:
    said = portwright("build", PORT, "sysroot", "--dry-run", "--json")
    assert said.returncode == 0, said.stderr
    steps = json.loads(said.stdout)["steps"]
    assert [(step["step"], step["state"]) for step in steps] == [
        (name, "would-run") for name in ("view", "std", "sysroot")
    ]
    assert not (fresh_cache / "ports").exists()
    assert not (fresh_cache / "state").exists()
    told = portwright("build", PORT, "sysroot", "--explain").stdout
    assert "because it was never done here" in told


def test_the_view_goal_and_the_lock(portwright: Portwright, fresh_cache: Path, toolchain: Toolchain) -> None:
    first = portwright("build", PORT, "view", "--json")
    assert first.returncode == 0, first.stderr
    view = Path(json.loads(first.stdout)["view"])
    assert (view / "std" / "Cargo.toml").is_file()
    (lock,) = fresh_cache.rglob("port.lock")
    lock.write_text(lock.read_text().replace(toolchain.version, "1.0.0"))
    refused = portwright("build", PORT, "view")
    assert refused.returncode == 2
    assert f"the compiler's version is {toolchain.version}, port.lock says 1.0.0" in refused.stderr
    assert "--update-lock" in refused.stderr
    assert portwright("build", PORT, "view", "--update-lock").returncode == 0
    again = portwright("build", PORT, "view", "--json")
    assert json.loads(again.stdout)["ran"] == []


def test_a_users_port_gets_its_lock_in_its_own_folder(
    portwright: Portwright, fresh_cache: Path, tmp_path: Path, toolchain: Toolchain
) -> None:
    folder = tmp_path / "my port"
    copied(PORT, folder)
    assert portwright("build", folder, "spec").returncode == 0
    assert f'rustc = "{toolchain.version}"' in (folder / "port.lock").read_text()


def test_a_program_that_is_missing_is_placed_in_the_manifest(
    portwright: Portwright, fresh_cache: Path, tmp_path: Path, toolchain: Toolchain
) -> None:
    folder = tmp_path / "port"
    copied(PORT, folder, "hello")
    with (folder / "port.toml").open("a") as file:
        file.write('\n[[program]]\nname = "files"\npath = "programs/files"\nexpect = { exit = 0 }\n')
    said = portwright("build", folder, "programs")
    assert said.returncode == 2
    assert "program `hello` is not there: programs/hello" in said.stderr
    assert "program `files` is not there: programs/files" in said.stderr
    assert f"{folder}/port.toml:" in said.stderr


def test_an_edit_without_its_place_stops_the_build_with_the_place(
    portwright: Portwright, fresh_cache: Path, tmp_path: Path, toolchain: Toolchain
) -> None:
    """Sources of another version: `--toolchain` by path to a tree in which one file has another shape."""
    assert toolchain.source is not None
    source = tmp_path / "rust"
    shutil.copytree(toolchain.source / "library", source / "library", symlinks=True)
    changed = source / "library/std/src/sys/stdio/mod.rs"
    changed.write_text(changed.read_text() + "\ncfg_select! { _ => {} }\n")
    said = portwright("build", PORT, "view", env={"PORTWRIGHT_TOOLCHAIN": str(source)})
    assert said.returncode == 1 or said.returncode == 2, said.stdout
    assert "looked for 1 calls of `cfg_select!`, found 2" in said.stderr
    assert f"{changed}:" in said.stderr


def test_a_negative_number_of_processors_is_refused(portwright: Portwright) -> None:
    said = portwright("build", PORT, "spec", "-j", "-1")
    assert said.returncode == 2


@pytest.mark.parametrize("form", ["text", "json", "dot"])
def test_the_plan_is_written_in_each_form_and_the_same_each_time(
    portwright: Portwright, toolchain: Toolchain, form: str
) -> None:
    first, second = (portwright("plan", PORT, "sysroot", "--format", form) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert "view" in first.stdout
    assert "program-hello" not in first.stdout
    if form == "json":
        assert [step["name"] for step in json.loads(first.stdout)["steps"]] == [
            "spec",
            "view",
            "std",
            "sysroot",
        ]


def test_an_unknown_form_says_what_there_is(portwright: Portwright, toolchain: Toolchain) -> None:
    said = portwright("plan", PORT, "--format", "jason")
    assert said.returncode == 2
    assert "did you mean `json`?" in said.stderr
