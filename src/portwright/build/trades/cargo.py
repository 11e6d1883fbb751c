"""Cargo, which starts compilers and build scripts, and copies what they made."""

from __future__ import annotations

import os.path
from collections.abc import Mapping

from portwright.build.trade import Call, Trade


def _roots(call: Call) -> Mapping[str, str]:
    home = call.env.get("CARGO_HOME") or os.path.join(call.env.get("HOME", "/"), ".cargo")  # noqa: PTH118
    target = call.after("--target-dir") or call.env.get("CARGO_TARGET_DIR") or "target"
    return {"CARGO": os.path.join(call.cwd, home), "OUT": os.path.join(call.cwd, target)}  # noqa: PTH118


TRADE = Trade(
    "starts compilers",
    names=("cargo", "cargo-*"),
    role="driver",
    roots=_roots,
    settings={"CARGO_INCREMENTAL": "0"},
)
