"""`portwright std` as a person and as a tool see it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from port_copies import copied
from portwright.describe import port as ports
from portwright.describe import std_support
from portwright.describe.operation import vocabulary

Portwright = Callable[..., subprocess.CompletedProcess[str]]
PORT = "x86_64-unknown-veridian"


def test_the_real_kernel_has_all(portwright: Portwright) -> None:
    ended = portwright("std", PORT)
    assert ended.returncode == 0
    works = [row for row in std_support.support(ports.load(PORT).ledger) if not row.open]
    assert f"{len(works)} of {len(vocabulary())} operations" in ended.stdout
    assert {row.operation for row in works} >= set(ports.load(PORT).ledger.offers)
    assert "std::thread::spawn" in ended.stdout


def test_document_in_the_order_that_pays(portwright: Portwright) -> None:
    ended = portwright("std", PORT, "--ledger", "document", "--json")
    assert ended.returncode == 0, ended.stderr
    document = json.loads(ended.stdout)
    result = document.get("result", document)
    missing = result["missing"]
    assert [row["weight"] for row in missing] == sorted((row["weight"] for row in missing), reverse=True)
    offered = ports.load(PORT, "document").ledger.offers
    assert {row["operation"] for row in missing}.isdisjoint(offered)
    assert {row["operation"] for row in result["works"]} >= set(offered)
    assert all(row["unlocks"] for row in missing)
    assert result["runs"] is True


def test_without_write_nothing_runs(portwright: Portwright, tmp_path: Path) -> None:
    folder = tmp_path / PORT
    copied(PORT, folder, "target")
    text = (folder / "abi.toml").read_text()
    (folder / "abi.toml").write_text(re.sub(r"(?m)^write = .*$", "", text))
    ended = portwright("std", folder)
    assert ended.returncode == 1
    assert "No program of std runs" in ended.stdout


def test_unknown_port(portwright: Portwright) -> None:
    ended = portwright("std", "x86_64-unknown-veridan")
    assert ended.returncode == 2
    assert f"did you mean `{PORT}`?" in ended.stderr
