"""`portwright new` from outside: what it writes passes `check`, says why, and overwrites nothing."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from portwright.derive.generators import new_port
from portwright.describe import port as ports
from portwright.describe.cpu import cpu

pytestmark = pytest.mark.toolchain
Portwright = Callable[..., CompletedProcess[str]]
TRIPLE = "x86_64-unknown-myos"


def checked(portwright: Portwright, folder: Path) -> dict[str, Any]:
    """The result of checking a folder, the probe included."""
    value = json.loads(portwright("check", "--json", folder).stdout)
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    "like",
    [
        None,
        "x86_64-unknown-none",
        "x86_64-unknown-linux-gnu",
        "x86_64-unknown-linux-musl",
        "x86_64-unknown-redox",
        "x86_64-fortanix-unknown-sgx",
        "x86_64-unknown-linux-none",
    ],
)
def test_a_port_like_a_built_in_target_passes_check_without_a_word(
    portwright: Portwright, tmp_path: Path, like: str | None
) -> None:
    words = ["--like", like] if like else []
    done = portwright("new", TRIPLE, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    value = checked(portwright, tmp_path / TRIPLE)
    assert value["status"] == 0
    assert value["findings"] == []
    assert value["probe"]["outcome"] == "passed"
    port = ports.load(str(tmp_path / TRIPLE))
    assert port.os == "myos"
    assert port.manifest.target["like"] == (like or "x86_64-unknown-none")
    assert (port.folder / port.manifest.program[0].path / "src" / "main.rs").is_file()


def test_each_choice_has_its_reason(portwright: Portwright, tmp_path: Path) -> None:
    portwright("new", TRIPLE, "--like", "x86_64-unknown-linux-gnu", cwd=tmp_path)
    text = (tmp_path / TRIPLE / "port.toml").read_text()
    target = tomllib.loads(text)["target"]
    lines = text.splitlines()
    for key in set(target) - {"like", "why"}:
        (place,) = [index for index, line in enumerate(lines) if line.startswith(f"{key} = ")]
        assert lines[place - 1].startswith("# "), key
    assert set(target["remove"]) <= set(target["why"])
    assert {"env", "dynamic-linking", "pre-link-args"} <= set(target["remove"])
    ledger = (tmp_path / TRIPLE / "abi.toml").read_text()
    assert ledger.count("\n# ") >= 10


def test_a_port_like_another_has_its_ledger_and_its_comments(portwright: Portwright, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    done = portwright("new", "x86_64-acme-foo", "--like", "x86_64-unknown-veridian", "--directory", folder)
    assert done.returncode == 0, done.stderr
    value = checked(portwright, folder)
    assert value["status"] == 0, value["findings"]
    port, origin = ports.load(str(folder)), ports.load("x86_64-unknown-veridian")
    assert port.ledger == origin.ledger
    assert (port.target, port.os) == ("x86_64-acme-foo", "foo")
    assert port.manifest.target["vendor"] == "acme"
    assert [program.name for program in port.manifest.program] == ["hello"]
    assert port.manifest.program[0].expect.stdout == "Hello from foo!\n"
    assert "# keys of `like` that this target does not have" in (folder / "port.toml").read_text()


def test_nothing_is_overwritten(portwright: Portwright, tmp_path: Path) -> None:
    folder = tmp_path / TRIPLE
    assert portwright("new", TRIPLE, cwd=tmp_path).returncode == 0
    (folder / "abi.toml").write_text("mine")
    done = portwright("new", TRIPLE, cwd=tmp_path)
    assert done.returncode == 2
    assert "nothing is overwritten" in done.stderr
    assert (folder / "abi.toml").read_text() == "mine"
    file = tmp_path / "file"
    file.write_text("mine")
    assert portwright("new", TRIPLE, "--directory", file).returncode == 2
    assert file.read_text() == "mine"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert portwright("new", TRIPLE, "--directory", empty).returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["X86-unknown-myos"], "is no name of a target"),
        (["../escape-unknown-myos"], "is no name of a target"),
        (["x86_64-unknown-none"], "rustc has a target x86_64-unknown-none already"),
        (["x86_46-unknown-myos"], "did you mean `x86_64`?"),
        ([TRIPLE, "--like", "x86_64-unknown-nome"], "did you mean `x86_64-unknown-none`?"),
        ([TRIPLE, "--like", "x86_64-unknown-veridain"], "did you mean `x86_64-unknown-veridian`?"),
        ([TRIPLE, "--like", "aarch64-unknown-none"], "x86_64-unknown-myos is for x86_64"),
        ([TRIPLE, "--like", "x86_64-pc-windows-gnu"], "are not ELF"),
        (["xtensa-unknown-myos"], "describe/cpus/xtensa.py"),
    ],
)
def test_what_cannot_be_written_is_said_and_leaves_nothing(
    portwright: Portwright, tmp_path: Path, words: list[str], says: str
) -> None:
    done = portwright("new", *words, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert says in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_cpu_without_a_usual_convention_starts_from_its_own_description() -> None:
    known = cpu("x86-64")
    usual = new_port.convention(known)
    assert usual.number == "rax"
    from dataclasses import replace

    other = new_port.convention(replace(known, name="other"))
    assert other.trap in known.traps
    assert not {other.number, *other.arguments} & {"rsp", "rcx", "r11"}
    assert len({other.number, *other.arguments}) == 7


@pytest.mark.e2e
def test_a_new_port_is_built_and_its_program_runs(portwright: Portwright, tmp_path: Path) -> None:
    portwright("new", TRIPLE, cwd=tmp_path)
    done = portwright("up", tmp_path / TRIPLE, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "prints what it must" in done.stdout
