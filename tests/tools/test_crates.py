"""The table of popular crates, made from kept results alone."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tool_module


@pytest.fixture(scope="module")
def tool(repo: Path) -> ModuleType:
    return tool_module.load(repo, "crates")


def row(name: str, passed: int | None, **more: Any) -> dict[str, Any]:
    counts = None if passed is None else {"passed": passed, "failed": 1}
    return {
        "name": name,
        "version": "1.0",
        "builds": True,
        "counts": counts,
        "lacks": [],
        "failures": [],
        "patched": [],
        **more,
    }


def test_what_is_kept_and_shown(tool: ModuleType) -> None:
    failures = [["bin-0f: stress::all", "time limit: 240 s\n  #0 0x1 a\n"]]
    crates = [
        row("good", 7),
        row("mute", 1, failures=[["bin: quiet", ""]]),
        row("bad", 3, failures=failures, lacks=["the operation sleep"]),
        row("poor", None, lacks=["os_pipe lacks a | b", "x lacks y"]),
        row("none", None, builds=False, lacks=["no such crate"]),
    ]
    kept = tool.kept({"on": "native", "seed": 1, "crates": crates})
    assert kept["crates"][2]["failures"] == [["bin-0f: stress::all", "time limit: 240 s"]]
    shown = tool.table({"a-port": kept, "b-port": {"on": "unicorn", "date": "x", "crates": [crates[0]]}})
    assert "| good 1.0 | 7/7 tests | 7/7 tests |" in shown
    assert "| bad 1.0 | 3/4 tests, not `stress::all` (the operation sleep) | - |" in shown
    assert "| poor 1.0 | builds; its tests do not: os_pipe lacks a \\| b; x lacks y | - |" in shown
    assert "| none 1.0 | does not build: no such crate | - |" in shown
    assert "| mute 1.0 | 1/2 tests, not `quiet` | - |" in shown
    assert tool.table({}) == ""
