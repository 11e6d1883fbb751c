"""`portwright doctor` as a user starts it: on this machine, and on machines that lack one thing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base import rooms
from portwright.describe import cpu
from portwright.describe import toolchain as toolchains
from portwright.jobs import doctor
from portwright.run import engine

Portwright = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Path]


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(done.stdout)["findings"]}


@pytest.mark.toolchain
def test_on_a_machine_with_all_it_needs(portwright: Portwright, toolchain: toolchains.Toolchain) -> None:
    done = portwright("doctor", "--json")
    rows = findings(done)
    assert done.returncode == 0, [row for row in rows.values() if row["outcome"] == "missing"]
    assert rows["Rust toolchain"]["detail"].startswith(toolchain.version)
    assert rows["host programs"]["outcome"] == "ok"
    assert "LLD" in rows["LLD"]["detail"]
    for name in rooms.names(engine.ROOM):
        for each in rooms.names(cpu.ROOM):
            assert f"{name} engine, {each}" in rows


@pytest.mark.toolchain
def test_the_table_says_what_is_used(portwright: Portwright, toolchain: toolchains.Toolchain) -> None:
    done = portwright("doctor")
    assert done.returncode == 0, done.stdout
    assert str(toolchain.source) in done.stdout
    assert "Every verb has what it needs." in done.stdout


def test_without_rust_it_says_for_which_verbs_and_the_command(
    portwright: Portwright, tmp_path: Path, fake_toolchain: Make
) -> None:
    other = fake_toolchain(tmp_path / "other", "1.97.0")
    env = {"PORTWRIGHT_TOOLCHAIN": str(other)}
    done = portwright("doctor", env=env)
    assert done.returncode == 1
    assert "Rust toolchain is needed by check, build, run, up: portwright setup" in done.stdout
    assert "1.97.0 is newer than portwright's layer" in done.stdout
    rows = findings(portwright("doctor", "--json", env=env))
    assert rows["Rust toolchain"]["outcome"] == "missing"
    assert rows["Rust toolchain"]["mend"] == "portwright setup"


def test_a_compiler_that_cannot_compile_is_found_out(
    portwright: Portwright, tmp_path: Path, fake_toolchain: Make
) -> None:
    """It says who it is and that is all: its programs are not there to run."""
    rustc = fake_toolchain(tmp_path / "other", "1.96.0")
    rows = findings(portwright("doctor", "--json", "--toolchain", rustc))
    assert rows["Rust toolchain"]["outcome"] == "ok"
    assert rows["host programs"]["outcome"] == "missing"


def test_a_linker_that_does_not_start_is_missing(
    portwright: Portwright, tmp_path: Path, fake_toolchain: Make
) -> None:
    rustc = fake_toolchain(tmp_path / "other", "1.96.0")
    lld = rustc.with_name("ld.lld-22")
    lld.write_text("#!/bin/sh\necho 'libLLVM.so.22.1: cannot open' >&2; exit 127\n")
    lld.chmod(0o755)
    row = findings(portwright("doctor", "--json", "--toolchain", rustc))["LLD"]
    assert row["outcome"] == "missing"
    assert "libLLVM.so.22.1: cannot open" in row["detail"]


def test_too_little_disk_and_memory_are_said(monkeypatch: pytest.MonkeyPatch, fresh_cache: Path) -> None:
    monkeypatch.setattr(doctor, "ROOM_NEEDED", 1 << 60)
    monkeypatch.setattr(doctor, "MEMORY_NEEDED", 1 << 60)
    work = doctor.run(doctor.Arguments())
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: doctor.Result = end.value
            break
    rows = {finding.name: finding for finding in result.findings}
    assert result.status == 1
    assert rows["disk"].outcome == "missing" and str(fresh_cache) in rows["disk"].detail
    assert "PORTWRIGHT_CACHE" in (rows["disk"].mend or "")
    assert rows["memory"].outcome == "missing" and "MB available" in rows["memory"].detail


def test_a_cache_folder_that_cannot_be_written_is_said(portwright: Portwright, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = portwright("doctor", "--json", env={"PORTWRIGHT_CACHE": str(tmp_path / "file" / "cache")})
    assert done.returncode in (1, 2)
    assert str(tmp_path / "file") in done.stdout
    assert "Traceback" not in done.stderr


def test_every_engine_that_serves_ran_an_instruction() -> None:
    """The trial itself tells a working engine from one whose traps never come."""
    for name in rooms.names(engine.ROOM):
        for each in rooms.names(cpu.ROOM):
            trap = next(iter(cpu.cpu(each).traps))
            if engine.serves(name, engine.Setup(each, trap)) is None:
                assert doctor.try_engine(name, each) is None


def test_an_engine_that_does_not_stop_at_its_trap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    name, each = rooms.names(engine.ROOM)[0], rooms.names(cpu.ROOM)[0]

    class Deaf:
        def __getattr__(self, _: str) -> Callable[..., engine.Stop]:
            return lambda *_: engine.Stop("fault", "illegal", detail="ud2")

    monkeypatch.setattr(engine, "serves", lambda *_: None)
    monkeypatch.setattr(engine, "create", lambda *_: Deaf())
    assert doctor.try_engine(name, each) == "a trap instruction gave fault ud2"
