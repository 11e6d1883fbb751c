"""A package's build script, which cargo compiles and runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from portwright.build.trade import Call, Trade


def _said(call: Call, outputs: Sequence[str]) -> list[str]:
    """What it printed, which cargo keeps beside its folder."""
    folder = call.env.get("OUT_DIR", "")
    return [str(PurePosixPath(folder).parent / "output")] if folder else []


def _declared(text: str) -> set[str]:
    words = ("cargo:rerun-if-env-changed=", "cargo::rerun-if-env-changed=")
    return {line.split("=", 1)[1].strip() for line in text.splitlines() if line.startswith(words)}


TRADE = Trade(
    "runs the build script of a package",
    paths=("*/build/*/build-script-*", "*/build/*/build_script_*"),
    subject=lambda call: call.env.get("CARGO_PKG_NAME", ""),
    environment=(
        "AR",
        "AR_*",
        "ARFLAGS",
        "CARGO",
        "CARGO_CFG_*",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_FEATURE_*",
        "CARGO_MANIFEST_*",
        "CARGO_PKG_*",
        "CC",
        "CC_*",
        "CFLAGS",
        "CFLAGS_*",
        "CXX",
        "CXX_*",
        "CXXFLAGS",
        "CXXFLAGS_*",
        "DEBUG",
        "DEP_*",
        "HOST",
        "HOST_*",
        "LD_LIBRARY_PATH",
        "NUM_JOBS",
        "OPT_LEVEL",
        "OUT_DIR",
        "PKG_CONFIG_*",
        "PROFILE",
        "RUSTC",
        "RUSTC_BOOTSTRAP",
        "RUSTC_LINKER",
        "RUSTDOC",
        "TARGET",
        "TARGET_*",
        "RUSTC_STAGE",
        "RUST_TARGET_PATH",
        "CFG_*",
    ),
    declarations=_said,
    declared=_declared,
)
