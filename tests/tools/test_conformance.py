"""The tables of Rust's own tests, made from kept results alone."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tool_module


@pytest.fixture(scope="module")
def tool(repo: Path) -> ModuleType:
    return tool_module.load(repo, "conformance")


def counts(passed: int, failed: int = 0, crashed: int = 0) -> dict[str, int]:
    return {"passed": passed, "failed": failed, "crashed": crashed, "hung": 0, "not_run": 0, "ignored": 5}


def document() -> dict[str, Any]:
    suites = [
        {"name": "core", "kind": "core", "counts": counts(10), "modules": {}},
        {
            "name": "std-unit",
            "kind": "std-unit",
            "counts": counts(3, 1),
            "modules": {"fs": counts(1, 1), "net": counts(2)},
        },
        {"name": "std-env", "kind": "std", "counts": counts(5, 0, 1), "modules": {}},
        {"name": "std-windows", "kind": "std", "counts": counts(0), "modules": {}},
    ]
    failures = [
        {"suite": "std-unit", "test": "fs::a", "result": "failed", "reason": None, "detail": "one\ntwo\n\n"}
    ]
    return {
        "toolchain": "rustc 1.96.0",
        "panic": "unwind",
        "seed": 1,
        "suites": suites,
        "against": [],
        "expired": [],
        "failures": failures,
    }


def test_the_tables_say_what_the_results_say(tool: ModuleType) -> None:
    result = tool.kept(document())
    assert result["failures"][0]["detail"] == "two"
    text = tool.tables({"some-port": {"native": result}})
    assert "| core (coretests) | 10/10 |" in text
    assert "| std, unit tests | 3/4 (75.0 %) |" in text
    assert "| `env` | 5/6 (83.3 %) |" in text and "| `net` | 2/2 |" in text
    assert "windows" not in text and "| alloc (alloctests) | - |" in text
    assert tool.tables({}) == ""


def test_the_kept_tables_are_those_of_the_kept_results(tool: ModuleType, repo: Path) -> None:
    import json

    folder = repo / "docs" / "results"
    found = {
        path.stem.removeprefix("conformance-"): json.loads(path.read_text())
        for path in folder.glob("conformance-*.json")
    }
    kept = folder / "conformance.md"
    assert (kept.read_text() if kept.is_file() else "") == tool.tables(found)
