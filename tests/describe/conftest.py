"""What the tests of descriptions share: what the found rustc says of itself."""

from __future__ import annotations

import pytest

from portwright.base.errors import MissingTool
from portwright.describe import rustc_facts, toolchain
from portwright.describe.rustc_facts import RustcFacts


@pytest.fixture(scope="session")
def facts() -> RustcFacts:
    """The facts of the rustc that portwright chooses; skips where there is none."""
    try:
        return rustc_facts.load(toolchain.find(need_source=False))
    except MissingTool as error:
        pytest.skip(f"toolchain: {error.faults[0].what}")
