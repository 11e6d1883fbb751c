"""Copies of bundled ports for tests that change them, with the programs that ports share beside them."""

from __future__ import annotations

import shutil
from pathlib import Path

from portwright.describe import port as ports


def copied(name: str, folder: Path, *left_out: str) -> Path:
    """A port's folder, copied; `left_out` are patterns of names."""
    shutil.copytree(ports.find(name), folder, ignore=shutil.ignore_patterns(*left_out))
    shared = folder.parent / "programs"
    if not shared.exists():
        shutil.copytree(ports.bundled_folder() / "programs", shared, ignore=shutil.ignore_patterns("target"))
    return folder
