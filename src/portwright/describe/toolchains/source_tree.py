"""A Rust source tree given by its path, with the compiler built in it or a compiler of the same version."""

from __future__ import annotations

import os
from pathlib import Path

from portwright.base.processes import which
from portwright.describe.toolchain import Candidate, has_library

RANK = 5
SUMMARY = "a Rust source tree given by path (--toolchain, or $PORTWRIGHT_RUST_SOURCE)"
VARIABLE = "PORTWRIGHT_RUST_SOURCE"
USR = Path("/usr/bin/rustc")


def candidates(wanted: str | None) -> list[Candidate]:
    """The tree with each compiler that may be of its version: its own stages, then /usr, PATH and rustup's."""
    named = wanted if wanted is not None else os.environ.get(VARIABLE)
    if not named or os.sep not in named or not has_library(Path(named)):
        return []
    root = Path(named).absolute()
    return [
        Candidate("source-tree", f"source tree {root}", rustc, cargo=_cargo(rustc), source=root)
        for rustc in _compilers(root)
    ]


def _compilers(root: Path) -> list[Path]:
    built = [
        rustc for stage in ("stage2", "stage1") for rustc in sorted(root.glob(f"build/*/{stage}/bin/rustc"))
    ]
    on_path = which("rustc")
    others = [USR] if USR.is_file() else []
    if on_path is not None and on_path.resolve().name != "rustup":
        others.append(on_path)
    rustups = Path(os.environ.get("RUSTUP_HOME") or Path(os.environ.get("HOME", "/")) / ".rustup")
    return [*built, *others, *sorted(rustups.glob("toolchains/*/bin/rustc"))]


def _cargo(rustc: Path) -> Path | None:
    """The compiler's own cargo; a stage built from source has none beside it, so the one on PATH."""
    beside = rustc.with_name("cargo")
    return beside if beside.is_file() else which("cargo")
