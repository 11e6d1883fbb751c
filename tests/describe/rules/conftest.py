"""What the rules' tests share: rustc's own facts, and a spec made by changing a built-in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from portwright.base.errors import MissingTool
from portwright.describe import rule, rustc_facts, toolchain
from portwright.describe.port import Manifest, OsTable
from portwright.describe.rule import Finding
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec import Spec, overlay
from portwright.describe.spec_case import Case

Changes = Mapping[str, Any]
Make = Callable[..., Case]


@pytest.fixture(scope="session")
def facts() -> RustcFacts:
    """What the found rustc says of itself; skips where there is none."""
    try:
        return rustc_facts.load(toolchain.find(need_source=False))
    except MissingTool as error:
        pytest.skip(f"toolchain: {error.faults[0].what}")


@pytest.fixture(scope="session")
def make(facts: RustcFacts) -> Make:
    """`make("x86_64-unknown-none", {"cpu": "z80"})`: a JSON spec like a built-in with keys changed (None: removed)."""

    def case(like: str, changes: Changes, os: Mapping[str, Any] | None = None, backend: str = "llvm") -> Case:
        merged = {**facts.need_builtin(like), **changes}
        keys = {key: value for key, value in merged.items() if value is not None}
        table = OsTable.model_validate(os) if os is not None else None
        return Case(Spec("test", keys, "json"), facts, table, None, backend)

    return case


@pytest.fixture(scope="session")
def make_port(facts: RustcFacts) -> Make:
    """`make_port({"like": ..., ...})`: the case of a port with that [target], for x86_64-unknown-test."""

    def case(
        target: Changes, os: Mapping[str, Any] | None = None, std: Mapping[str, Any] | None = None
    ) -> Case:
        manifest = Manifest.model_validate(
            {
                "port": {"target": "x86_64-unknown-test", "summary": "made for a test"},
                "target": dict(target),
                "os": {"loads": ["elf-exec"], "page-size": 4096, **(os or {})},
                "toolchain": {"rust": "1.96"},
                "std": dict(std or {}),
            }
        )
        spec = overlay("x86_64-unknown-test", manifest.target, facts, None, None)
        return Case(spec, facts, manifest.os, manifest, "llvm")

    return case


def found(case: Case, name: str) -> list[Finding]:
    """What one rule finds."""
    return rule.examine(case, [name])
