"""Where the files of a recording lie: its roots, the toolchain and the system, and which of these a path is in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from portwright.build.trade import Call, Trade, trade_of, trades
from portwright.derive.recording import normalise

SYSTEM = (
    "/usr/",
    "/lib/",
    "/lib32/",
    "/lib64/",
    "/bin/",
    "/sbin/",
    "/etc/",
    "/opt/",
    "/nix/store/",
    "/var/lib/",
    "/run/",
)
"""Where what belongs to the system lies."""

TEMPORARY = "TMP"
TOOL = "TOOL"
WRAPPER = "WRAP"
"""Where the wrapper stands in for compilers."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a recording before it begins: kept beside its events for after a kill."""

    command: tuple[str, ...]
    cwd: str
    roots: Mapping[str, str]
    portable: bool = True
    recorders: tuple[str, ...] = ("trace", "wrapper")
    private: tuple[str, ...] = ()
    """Folders of the recorder's own (in PATH, for instance), which no step has."""
    shims: tuple[str, ...] = ()
    """The executables that are the wrapper."""


def roots_of(call: Call, given: Mapping[str, str], source: str = "", out: str = "") -> dict[str, str]:
    """The roots of a recorded command, real paths, those that contain others first.

    SRC is the folder in which it runs, OUT and others as its trade has them; what is given goes before.
    """
    found = {"SRC": source or call.cwd, TEMPORARY: call.env.get("TMPDIR") or "/tmp"}
    for trade in trades_of(call):
        found |= trade.roots(call) if trade.roots else {}
    found |= {"SRC": source} if source else {}
    found |= {"OUT": out} if out else {}
    found |= given
    real = {name: os.path.realpath(folder) for name, folder in found.items()}
    used: dict[str, str] = {}
    for name, folder in sorted(real.items(), key=lambda row: (len(row[1]), row[0])):
        if folder != "/" and folder not in used.values():
            used[name] = folder
    return used


def trades_of(call: Call, *more: str) -> list[Trade]:
    """The trades that take part in a recorded command, as far as that can be told before: its own, and by signs in its
    folder or in `more`."""
    own, folders = trade_of(call)[1], (call.cwd, *more)
    signs = {sign for trade in trades().values() for sign in trade.signs}
    seen = {sign for sign in signs if any(os.path.isfile(f"{folder}/{sign}") for folder in folders)}  # noqa: PTH113
    signed = [trade for trade in trades().values() if seen & set(trade.signs)]
    return [*(trade for trade in signed if trade is not own), own]


@dataclass(slots=True)
class Places:
    """The roots of a recording, with a memory of what was normalised."""

    roots: Mapping[str, str]
    _names: dict[str, str] = field(default_factory=dict)
    _sorted: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        rows = ((folder.rstrip("/") + "/", name) for name, folder in self.roots.items())
        self._sorted = tuple(sorted(rows, key=lambda row: -len(row[0])))

    def name(self, words: str) -> str:
        """The words with the names of roots in them."""
        found = self._names.get(words)
        if found is None:
            found = self._names[words] = normalise(words, self.roots)
        return found

    def root(self, path: str) -> str:
        """The name of the root that a path is in, or nothing."""
        for folder, name in self._sorted:
            if path.startswith(folder) or path == folder[:-1]:
                return name
        return ""

    def path(self, path: str) -> str:
        """The normalised name of one file."""
        for folder, name in self._sorted:
            if path.startswith(folder):
                return f"${name}/" + path[len(folder) :].replace("$", "$$")
            if path == folder[:-1]:
                return f"${name}"
        return path.replace("$", "$$")

    def is_tool(self, path: str) -> bool:
        """Whether a file belongs to the toolchain or the system."""
        root = self.root(path)
        return root == TOOL or (not root and path.startswith(SYSTEM))
