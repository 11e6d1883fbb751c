"""Make, whose recipes are the steps."""

from __future__ import annotations

from portwright.build.trade import Trade

TRADE = Trade("starts recipes", names=("make", "gmake", "bmake", "remake"), role="driver")
