"""The verb `probe` from outside: all green where it must be, and a wrong ledger found with what to change."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import MissingTool
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain
from portwright.run import on_kernel
from probe_ports import KNOWN, bundled

ORACLES = [name for name in KNOWN if ports.load(name).manifest.os.host_kernel is not None]
VERIDIAN, LINUX = "x86_64-unknown-veridian", "x86_64-portwright-linux"
RECORDED = Path(__file__).resolve().parents[1] / "fixtures" / "probe" / "veridian-machine.txt"


def copy(port: str, folder: Path, *changes: tuple[str, str]) -> Path:
    """A port's folder with changes of its ledger's text."""
    folder.mkdir()
    text = (ports.find(port) / "abi.toml").read_text()
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        assert count == 1, pattern
    (folder / "abi.toml").write_text(text)
    manifest = (ports.find(port) / "port.toml").read_text()
    (folder / "port.toml").write_text(manifest[: manifest.index("[programs]")])
    return folder


@pytest.mark.toolchain
@pytest.mark.slow
@pytest.mark.parametrize("port", bundled(build=True))
def test_every_bundled_ledger_is_what_its_machine_does(
    portwright: Any, toolchain: Toolchain, port: str
) -> None:
    for seed in ("1", "2"):
        done = portwright("probe", port, "--seed", seed, "--json")
        found = json.loads(done.stdout)
        others = [row["fact"] for row in found["rows"] if row["agreement"] != "agrees"]
        # Unicorn's x86-64 has no instruction by which a program sees its thread pointer.
        hidden = ["entry.thread-pointer"] if "unicorn" in found["where"] else []
        assert others in ([], hidden) and found["broken_off"] is None
        assert found["counts"]["agrees"] > 70


@pytest.mark.toolchain
@pytest.mark.slow
@pytest.mark.parametrize("port", ORACLES)
def test_an_oracles_ledger_is_what_its_kernel_does(portwright: Any, toolchain: Toolchain, port: str) -> None:
    _need_kernel(port)
    done = portwright("probe", port, "--on", "kernel", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, set(found["counts"]), found["where"]) == (0, {"agrees"}, "this machine's kernel")


def _need_kernel(port: str) -> None:
    try:
        reason = on_kernel.serves(ports.load(port))
    except MissingTool as error:
        reason = error.faults[0].what
    if reason is not None:
        pytest.skip(reason)


@pytest.mark.toolchain
@pytest.mark.slow
def test_a_wrong_ledger_is_found_with_what_to_change(
    portwright: Any, toolchain: Toolchain, tmp_path: Path
) -> None:
    """A report from the right system is held against a ledger with three mistakes."""
    printed = tmp_path / "printed.txt"
    assert portwright("probe", VERIDIAN, "--seed", "3", "--save", printed).returncode == 0
    changes = (
        (r"(?m)^ENOENT = \{ number = 4,", "ENOENT = { number = 2,"),
        (r"(?m)^O_APPEND = 0x400$", "O_APPEND = 0x800000"),
        (r"(?m)^write-execute = \"refused\"", 'write-execute = "allowed"'),
    )
    wrong = copy(VERIDIAN, tmp_path / "wrong", *changes)
    done = portwright("probe", wrong, "--transcript", printed)
    assert done.returncode == 1
    shown = done.stdout
    assert (
        "errors.ENOENT is open -4, file_status -4, remove_file -4, not 2\n  in abi.toml: ENOENT = 4" in shown
    )
    assert "O_APPEND = 0x400\n" in shown and 'in abi.toml: write-execute = "refused"' in shown
    assert "3 differs" in shown


@pytest.mark.toolchain
@pytest.mark.slow
def test_a_hostile_machine_destroys_flags_where_the_ledger_says_so(
    portwright: Any, toolchain: Toolchain, tmp_path: Path
) -> None:
    scrambling = copy(VERIDIAN, tmp_path / "scrambling", (r'(?m)^flags = "preserved"', 'flags = "destroyed"'))
    printed = tmp_path / "printed.txt"
    assert portwright("probe", scrambling, "--seed", "3", "--save", printed).returncode == 0
    done = portwright("probe", VERIDIAN, "--transcript", printed, "--json")
    differing = [row for row in json.loads(done.stdout)["rows"] if row["agreement"] == "differs"]
    assert [(row["fact"], row["change"]) for row in differing] == [("abi.flags", 'flags = "destroyed"')]
    kind = portwright("probe", scrambling, "--seed", "3", "--kind", "--json")
    flags = next(row for row in json.loads(kind.stdout)["rows"] if row["fact"] == "abi.flags")
    assert flags["seen"] == "kept"


@pytest.mark.toolchain
@pytest.mark.slow
def test_it_can_be_taken_to_another_machine(portwright: Any, toolchain: Toolchain, tmp_path: Path) -> None:
    """The program that is written runs by itself, and what it prints is what the verb reads."""
    _need_kernel(LINUX)
    done = portwright("probe", LINUX, "--emit", tmp_path / "out")
    assert done.returncode == 0 and sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("README", "probe", "probe.rs"),
    ]
    printed = subprocess.run(
        [tmp_path / "out" / "probe", "one"], cwd=tmp_path, capture_output=True, check=True
    )
    (tmp_path / "console").write_bytes(b"login: \r\n" + printed.stdout.replace(b"\n", b"\r\n"))
    compared = portwright("probe", LINUX, "--transcript", tmp_path / "console")
    assert compared.returncode == 0, compared.stdout
    assert not list(tmp_path.glob("pw-probe*"))


def test_a_transcript_needs_no_toolchain(portwright: Any, tmp_path: Path) -> None:
    done = portwright("probe", VERIDIAN, "--transcript", RECORDED, env={"PATH": "/nowhere"})
    assert done.returncode in (0, 2) and "\ndiffers" not in done.stdout  # 2: the ledger has grown since
    assert re.search(r"^agrees +errors\.ENOENT +4 ", done.stdout, re.M)
    cut = tmp_path / "cut.txt"
    cut.write_bytes(RECORDED.read_bytes()[:3000])
    done = portwright("probe", VERIDIAN, "--transcript", cut)
    assert done.returncode == 2 and "the report is not whole: it stops after" in done.stdout
    assert "not-reported" in done.stdout


def test_what_is_wrong_with_the_arguments(portwright: Any, tmp_path: Path) -> None:
    done = portwright("probe", VERIDIAN, "--transcript", tmp_path / "gone")
    assert done.returncode == 2 and "cannot read the transcript: No such file" in done.stderr
    (tmp_path / "empty").write_text("booting\n")
    done = portwright("probe", VERIDIAN, "--transcript", tmp_path / "empty")
    assert done.returncode == 2 and "no line of a probe" in done.stderr
    done = portwright("probe", VERIDIAN, "--transcript", "x", "--emit", "y")
    assert done.returncode == 2 and "--transcript and --emit do not go together" in done.stderr
    done = portwright("probe", VERIDIAN, "--on", "kernel")
    assert done.returncode == 2 and "no host's kernel" in done.stderr
