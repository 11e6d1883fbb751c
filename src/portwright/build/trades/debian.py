"""Debian's way to build a package: programs that end in make."""

from __future__ import annotations

from portwright.build.trade import Call, Trade

NAMES = ("dpkg-buildpackage", "debuild", "dh", "dh_auto_build", "rules")


def _is_it(call: Call) -> bool:
    return len(call.argv) > 1 and call.argv[1].rsplit("/", 1)[-1] in NAMES


TRADE = Trade(
    "starts the build of a package",
    names=NAMES,
    matches=_is_it,
    role="either",
)
