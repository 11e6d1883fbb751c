"""`portwright bootstrap config`: what it writes, and all that it finds missing, at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base import processes
from portwright.base.errors import BadInput, PortwrightError
from portwright.base.events import Note, outcome
from portwright.derive import bootstrap_toml
from portwright.describe import rust_tree
from portwright.jobs import bootstrap_config as job

CRATE = 'name = "{}"\nversion = "{}"\n'
REGISTRY = 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'


def tree(folder: Path) -> Path:
    """Sources as the job looks at them: one crate vendored with its version in the folder's name, one without."""
    for name, text in {
        "x.py": "",
        "src/version": "1.96.0\n",
        "src/stage0": "compiler_date=2026-04-16\ncompiler_version=1.95.0\n",
        "src/ci/channel": "beta\n",
        "src/bootstrap/Cargo.lock": f"[[package]]\n{CRATE.format('cc', '1.2.0')}{REGISTRY}",
        "Cargo.lock": f"[[package]]\n{CRATE.format('own', '0.0.0')}\n"
        f"[[package]]\n{CRATE.format('libc', '0.2.1+a')}{REGISTRY}",
        "vendor/cc/Cargo.toml": f"[package]\n{CRATE.format('cc', '1.2.0')}",
        "vendor/libc-0.2.1+a/Cargo.toml": "",
        ".cargo/config.toml": '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "vendor"\n',
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return tree(tmp_path / 'the "sources"')


@pytest.fixture
def stage0(tmp_path: Path, fake_toolchain: Callable[..., Path]) -> Path:
    """A rustc 1.95.0 that says who it is, with its cargo."""
    rustc = fake_toolchain(tmp_path / "toolchain", "1.95.0")
    cargo = rustc.with_name("cargo")
    cargo.write_text("#!/bin/sh\necho 'cargo 1.95.0 (x)'\n")
    cargo.chmod(0o755)
    return rustc


def run(sources: Path, stage0: Path, **more: Any) -> tuple[list[str], job.Result]:
    given = {"build": sources.parent / "build", "output": sources.parent / "b.toml", "rustc": stage0, **more}
    running = job.run(job.Arguments(sources, **given))
    notes = []
    try:
        while True:
            event = next(running)
            notes += [event.text] if isinstance(event, Note) else []
    except StopIteration as end:
        return notes, end.value


def test_what_is_written(sources: Path, stage0: Path) -> None:
    notes, result = run(sources, stage0)
    said = tomllib.loads(result.file.read_text())
    assert said["build"]["build-dir"] == str(sources.parent / "build") and said["build"]["vendor"] is True
    assert said["build"]["rustc"] == str(result.rustc) and Path(said["build"]["cargo"]).name == "cargo"
    assert said["rust"]["channel"] == "beta" and said["rust"]["download-rustc"] is False
    assert said["llvm"]["download-ci-llvm"] is False
    assert "--config" in result.command and str(sources / "x.py") in result.command
    assert result.changed and not run(sources, stage0)[1].changed
    assert any("x.py check" in note for note in notes) and not any("stage 0" in note for note in notes)
    assert not (sources.parent / "build").exists(), "bootstrap makes it"


def test_no_value_has_a_comment_behind_it(sources: Path, stage0: Path) -> None:
    """bootstrap.py reads with expressions: to it all behind the `=` is the value."""
    _, result = run(sources, stage0)
    for line in result.file.read_text().splitlines():
        assert line.startswith("#") or "#" not in line


def test_all_that_is_missing_is_said_at_once(sources: Path, stage0: Path, tmp_path: Path) -> None:
    (sources / "vendor" / "libc-0.2.1+a" / "Cargo.toml").unlink()
    (sources / "vendor" / "libc-0.2.1+a").rmdir()
    (sources / "vendor" / "cc" / "Cargo.toml").write_text(f"[package]\n{CRATE.format('cc', '1.1.0')}")
    (sources / ".cargo" / "config.toml").unlink()
    stage0.with_name("cargo").write_text("#!/bin/sh\necho 'cargo 1.90.0 (x)'\n")
    with pytest.raises(BadInput) as caught:
        run(sources, stage0, build=sources / "build", llvm_config=tmp_path / "none")
    said = "\n".join(f"{fault.where}: {fault.what}" for fault in caught.value.faults)
    for words in (
        "not told to use vendored crates",
        "not vendored: libc 0.2.1+a",
        "not vendored: cc 1.2.0",
        "this is cargo 1.90.0",
        "within the sources",
        "this is no program",
    ):
        assert words in said, said
    assert len(caught.value.faults) == 6 and all(fault.hint for fault in caught.value.faults)
    assert not (sources.parent / "b.toml").exists()


def test_a_compiler_of_another_version(
    sources: Path, tmp_path: Path, fake_toolchain: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = fake_toolchain(tmp_path / "old", "1.94.1")
    with pytest.raises(BadInput, match=r"by a rustc of the same version or of the one before; .*1\.94\.1"):
        run(sources, old)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("RUSTUP_HOME", "/nowhere")
    with pytest.raises(BadInput, match="and there is none") as caught:
        run(sources, old, rustc=None)
    assert "no `cc`" in str(caught.value)


@pytest.mark.parametrize("release", ["1.96.3", "1.95.0"])
def test_the_same_version_or_the_one_before(sources: Path, release: str) -> None:
    read = rust_tree.read(sources)
    assert (read.version, read.stage0, read.channel, read.has_llvm) == ("1.96.0", "1.95.0", "beta", False)
    assert read.builds_with(release) and not read.builds_with("1.94.9") and not read.builds_with("1.97.0")


def test_another_stage_0_is_noted(
    sources: Path, stage0: Path, tmp_path: Path, fake_toolchain: Callable[..., Path]
) -> None:
    same = fake_toolchain(tmp_path / "same", "1.96.0")
    same.with_name("cargo").write_bytes(stage0.with_name("cargo").read_bytes())
    same.with_name("cargo").chmod(0o755)
    notes, _ = run(sources, same)
    assert "stage 0 is Rust 1.96.0; the sources are made with 1.95.0" in notes


def test_folders_that_are_none(sources: Path, stage0: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not the sources of Rust"):
        outcome(job.run(job.Arguments(tmp_path, tmp_path / "b")))
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="a file is in the way"):
        run(sources, stage0, build=tmp_path / "file" / "below")
    (sources.parent / "b.toml").write_text("mine = 1\n")
    with pytest.raises(PortwrightError, match="not made by portwright"):
        run(sources, stage0)
    for broken in ("[source", "[source.crates-io]\n", '[source.crates-io]\nreplace-with = "none"\n'):
        (sources / ".cargo" / "config.toml").write_text(broken)
        assert ["does not replace" in fault.what for fault in rust_tree.vendoring_faults(sources)] == [True]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(sources: Path, stage0: Path) -> None:
    with pytest.raises(BadInput, match="cannot write here"):
        run(sources, stage0, build=Path("/build"))


def test_a_name_of_any_kind_is_a_toml_string() -> None:
    odd = Path('/a "b" \\ \x7f \n é')
    choices = bootstrap_toml.Choices("x", odd, odd, odd, "nightly", odd)
    said = tomllib.loads(bootstrap_toml.text(choices))
    assert said["build"]["build-dir"] == said["target"]["x"]["llvm-config"] == str(odd)


def test_on_the_command_line(sources: Path, stage0: Path, portwright: Callable[..., Any]) -> None:
    words = ("bootstrap", "config", sources, "--build", sources.parent / "build", "--rustc", stage0)
    done = portwright(*words, "-o", sources.parent / "b.toml")
    assert done.returncode == 0, done.stderr
    command = done.stdout.splitlines()[-1].strip()
    assert command.startswith("portwright record --source ")
    assert processes.paste((str(sources),)) in command, "it can be pasted"
