"""Ninja and its like."""

from __future__ import annotations

from portwright.build.trade import Trade

TRADE = Trade("starts commands", names=("ninja", "samu", "n2", "ninja-build"), role="driver")
