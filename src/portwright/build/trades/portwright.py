"""portwright itself: its own work between the commands that it starts are files."""

from __future__ import annotations

import os.path
from collections.abc import Mapping

from portwright.build.trade import Call, Trade


def _roots(call: Call) -> Mapping[str, str]:
    base = call.env.get("XDG_CACHE_HOME") or os.path.join(call.env.get("HOME", "/"), ".cache")  # noqa: PTH118
    home = call.env.get("CARGO_HOME") or os.path.join(call.env.get("HOME", "/"), ".cargo")  # noqa: PTH118
    return {
        "CACHE": call.env.get("PORTWRIGHT_CACHE") or os.path.join(base, "portwright"),  # noqa: PTH118
        "CARGO": os.path.join(call.cwd, home),  # noqa: PTH118
    }


def _is_it(call: Call) -> bool:
    """Whether a Python runs it: as a module, or by its script."""
    words = [word for word in call.argv[:4] if not word.startswith("-")][:2]
    return any(word == "portwright" or word.endswith("/portwright") for word in words)


TRADE = Trade("builds for a port", names=("portwright",), matches=_is_it, role="driver", roots=_roots)
