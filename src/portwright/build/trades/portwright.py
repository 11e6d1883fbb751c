"""portwright itself: its own work between the commands that it starts are files."""

from __future__ import annotations

from collections.abc import Mapping

from portwright.base.errors import PortwrightError
from portwright.build.trade import Call, Trade


def _roots(call: Call) -> Mapping[str, str]:
    user = call.env.get("HOME", "")
    base = call.env.get("XDG_CACHE_HOME") or f"{user}/.cache"
    return _library(call) | {
        "CACHE": call.env.get("PORTWRIGHT_CACHE") or f"{base}/portwright",
        "CARGO": call.env.get("CARGO_HOME") or f"{user}/.cargo",
    }


def _library(call: Call) -> dict[str, str]:
    """Where std's sources lie that a port named in the command is built from."""
    from portwright.describe import port as ports
    from portwright.describe import toolchain as toolchains

    for word in call.argv[1:]:
        try:
            port = ports.load(word)
            source = toolchains.find(rust=port.manifest.toolchain.rust).source
        except PortwrightError:
            continue
        return {"LIBRARY": f"{source}/library"} if source else {}
    return {}


def _is_it(call: Call) -> bool:
    """Whether a Python runs it: as a module, or by its script."""
    words = [word for word in call.argv[:4] if not word.startswith("-")][:2]
    return any(word == "portwright" or word.endswith("/portwright") for word in words)


TRADE = Trade("builds for a port", names=("portwright",), matches=_is_it, role="driver", roots=_roots)
