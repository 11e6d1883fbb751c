"""Rust's own build, which `x.py` compiles and starts."""

from __future__ import annotations

from portwright.build.trade import Trade

TRADE = Trade("builds Rust", names=("bootstrap",), paths=("*/bootstrap/debug/bootstrap",), role="driver")
