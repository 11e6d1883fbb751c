"""What a plan is made from: crates by path, and versions of tools that are asked once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.base.errors import BadInput
from portwright.build import facts, tool_versions
from portwright.describe import toolchain as toolchains


def test_a_crate_is_a_folder_its_manifest_or_a_file(
    tmp_path: Path, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my crate"
    folder.mkdir()
    (folder / "Cargo.toml").write_text('[package]\nname = "a"\n')
    (tmp_path / "one-two 3.rs").write_text("fn main() {}\n")
    monkeypatch.setenv("CARGO_HOME", "/home/cargo")
    by_folder = facts.crate(folder)
    assert (by_folder.name, by_folder.path, by_folder.own) == ("my_crate", folder, True)
    assert by_folder.environment == {"CARGO_HOME": "/home/cargo"}
    assert facts.crate(folder / "Cargo.toml") == by_folder
    monkeypatch.chdir(folder)
    assert facts.crate(Path()) == by_folder
    single = facts.crate(Path("../one-two 3.rs"))
    assert single.name == "one-two_3"
    assert single.single
    for wrong in (tmp_path, tmp_path / "none.rs", tmp_path / "none"):
        with pytest.raises(BadInput, match="nothing that Rust can build"):
            facts.crate(wrong)


def test_a_tool_is_asked_for_its_version_once_and_again_when_it_changes(
    tmp_path: Path, fresh_cache: Path, fake_toolchain: Callable[..., Path]
) -> None:
    rustc = fake_toolchain(tmp_path / "set", "1.96.0")
    found = toolchains.examine(toolchains.Candidate("test", "test", rustc)).toolchain
    assert found is not None
    cargo = tmp_path / "set" / "bin" / "cargo"
    cargo.write_text(f"#!/bin/sh\necho asked >>{tmp_path}/asked\necho cargo 1.96.0\necho more\n")
    assert tool_versions.versions(found)["cargo"] == "cargo 1.96.0"
    assert tool_versions.versions(found)["cargo"] == "cargo 1.96.0"
    assert (tmp_path / "asked").read_text() == "asked\n"
    cargo.write_text("#!/bin/sh\necho cargo 1.96.1\n")
    assert tool_versions.version(cargo, found) == "cargo 1.96.1"
    cargo.write_text("#!/bin/sh\nexit 3\n")
    assert tool_versions.version(cargo, found) == "unknown"


def test_a_package_under_a_cargo_configuration_is_left_to_cargo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "above" / "a"
    (package / "src").mkdir(parents=True)
    (package / "Cargo.toml").write_text('[package]\nname = "a"\nversion = "0.1.0"\n')
    (package / "src" / "main.rs").write_text("fn main() {}\n")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("CARGO_HOME", str(home))
    assert facts.crate(package).digest is not None
    for place in (home / "config.toml", package.parent / ".cargo" / "config.toml"):
        place.parent.mkdir(exist_ok=True)
        place.write_text("[build]\n")
        assert facts.crate(package).digest is None
        place.unlink()
    assert facts.crate(package).digest is not None
