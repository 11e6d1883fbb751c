"""A compiler given by the path of its file or folder, or the first one on PATH: a distribution's, Nix's, your own."""

from __future__ import annotations

import os
from pathlib import Path

from portwright.base.processes import which
from portwright.describe.toolchain import Candidate

RANK = 30
SUMMARY = "the rustc on PATH, or a rustc or toolchain folder given by its path"


def candidates(wanted: str | None) -> list[Candidate]:
    """The compiler on PATH unless it is rustup's proxy, which the rustup finder looks behind; or the one at a path."""
    if wanted is None:
        rustc = which("rustc")
        proxy = rustc is not None and rustc.resolve().name == "rustup"
        return [] if rustc is None or proxy else [Candidate("on-path", "rustc on PATH", rustc)]
    if os.sep not in wanted:
        return []
    path = Path(wanted).absolute()
    rustc = path / "bin" / "rustc" if path.is_dir() else path
    return [Candidate("on-path", f"given as {wanted}", rustc)] if rustc.is_file() else []
