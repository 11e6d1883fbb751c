"""Cargo, which starts compilers and build scripts, and copies what they made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from portwright.build.trade import Call, Trade


def _roots(call: Call) -> Mapping[str, str]:
    cwd = Path(call.cwd)
    home = call.env.get("CARGO_HOME") or f"{call.env.get('HOME', '')}/.cargo"
    source = _workspace((cwd / (call.after("--manifest-path") or "Cargo.toml")).parent)
    target = call.after("--target-dir") or call.env.get("CARGO_TARGET_DIR")
    out = cwd / target if target else source / "target"
    return {"SRC": str(source), "CARGO": str(cwd / home), "OUT": str(out)}


def _workspace(package: Path) -> Path:
    """The folder of the workspace that a package is in, or its own."""
    for folder in (package, *package.parents):
        try:
            if "[workspace" in (folder / "Cargo.toml").read_text(errors="replace"):
                return folder
        except OSError:
            continue
    return package


TRADE = Trade(
    "starts compilers",
    names=("cargo", "cargo-*"),
    role="driver",
    roots=_roots,
    signs=("Cargo.toml",),
    settings={"CARGO_INCREMENTAL": "0"},
)
