"""What the rules' tests share: rustc's own facts, and a spec made by changing a built-in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from portwright.describe.port import OsTable
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec import Spec
from portwright.describe.spec_case import Case

Changes = Mapping[str, Any]
Make = Callable[..., Case]


@pytest.fixture(scope="session")
def make(facts: RustcFacts) -> Make:
    """`make("x86_64-unknown-none", {"cpu": "z80"})`: a JSON spec like a built-in with keys changed (None: removed)."""

    def case(like: str, changes: Changes, os: Mapping[str, Any] | None = None, backend: str = "llvm") -> Case:
        merged = {**facts.need_builtin(like), **changes}
        keys = {key: value for key, value in merged.items() if value is not None}
        table = OsTable.model_validate(os) if os is not None else None
        return Case(Spec("test", keys, "json"), facts, table, None, backend)

    return case
