"""Linkers that are called directly."""

from __future__ import annotations

from pathlib import PurePosixPath

from portwright.build.trade import Trade

TRADE = Trade(
    "links object files",
    names=("ld", "ld.*", "*-ld", "*-ld.*", "lld", "rust-lld", "mold"),
    probe=lambda call: call.options in (("--version",), ("-v",), ("-V",), ("--help",)),
    subject=lambda call: PurePosixPath(call.after("-o")).name,
    environment=("LD_RUN_PATH", "LD_LIBRARY_PATH"),
    wrapped=True,
)
