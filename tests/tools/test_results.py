"""The README's tables of `up`, made from runs on the engines that serve a port."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import tool_module


@pytest.fixture
def tool(repo: Path) -> ModuleType:
    return tool_module.load(repo, "results")


def document(*outcomes: str) -> dict[str, Any]:
    rows = [
        {"name": f"p{at}", "criterion": "it runs", "verdict": {"outcome": outcome}}
        for at, outcome in enumerate(outcomes)
    ]
    return {"toolchain": "rustc 1.96.0", "rows": rows}


def test_a_table_has_the_engines_that_serve_the_port(tool: ModuleType) -> None:
    text = tool.table("some-port", {"unicorn": document("passed", "wrong")})
    assert text.startswith("**some-port**: 1 of 2 on unicorn (rustc 1.96.0, ")
    assert "| criterion | unicorn |\n|---|---|\n| p0: it runs | passed |\n| p1: it runs | wrong |\n" in text
    text = tool.table("some-port", {"native": document("passed"), "unicorn": document("wrong")})
    assert "1 of 1 on native, 0 of 1 on unicorn" in text and "| p0: it runs | passed | wrong |" in text


def test_an_engine_that_cannot_run_such_a_guest_is_no_result_and_other_faults_are_none(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, Any] = {}

    def run(*argv: Any, **options: Any) -> Any:
        return SimpleNamespace(stdout=json.dumps(said), stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    said["faults"] = [{"code": "engine/unfit", "what": "another CPU"}]
    assert tool.up("some-port", "native") is None
    said["faults"] = [{"code": "tool/missing", "what": "no llc"}]
    with pytest.raises(SystemExit, match="no llc"):
        tool.up("some-port", "native")
    said["rows"] = []
    assert tool.up("some-port", "native") == said


def test_every_port_with_a_ledger_is_run(tool: ModuleType, repo: Path) -> None:
    assert set(tool.bundled()) == {path.parent.name for path in (repo / "ports").glob("*/abi.toml")}
