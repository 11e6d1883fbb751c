"""The programs of tools/, which are no package, as modules to test."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType


def load(repo: Path, name: str) -> ModuleType:
    """tools/NAME.py, anew each time."""
    spec = importlib.util.spec_from_file_location(f"{name}_tool", repo / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
